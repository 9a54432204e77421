# Build options that the presets set, and the flags that every target gets.
set(NEMOCLAW_SANITIZE "" CACHE STRING "'', 'asan-ubsan' or 'tsan'")
option(NEMOCLAW_FUZZ "Build the fuzz targets (clang only)" OFF)
option(NEMOCLAW_TIDY "Run clang-tidy while compiling" OFF)
option(NEMOCLAW_STATIC_RUNTIME "Link nemoclaw-runtime fully static (a process start costs it 0.5 ms less)" ON)
option(NEMOCLAW_TESTS "Build unit tests, probes and benchmarks" ON)

# Paths relative to the source tree: checkouts in different folders share what the cache holds.
find_program(CCACHE ccache)
if(CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_library(nemoclaw_flags INTERFACE)
target_compile_options(nemoclaw_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wcast-align -Woverloaded-virtual -Wformat=2
  $<$<COMPILE_LANGUAGE:CXX>:-Wimplicit-fallthrough>
  # restrict: g++ 12 warns about its own std::string when it inlines operator+.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
  -fstack-protector-strong -ffunction-sections -fdata-sections -fvisibility=hidden)
target_link_options(nemoclaw_flags INTERFACE -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
target_include_directories(nemoclaw_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(nemoclaw_flags INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(nemoclaw_flags INTERFACE -fstack-clash-protection -fcf-protection)
  endif()
endif()

if(NEMOCLAW_SANITIZE)
  # g++ 12 sees uninitialised members of empty optionals between the sanitizers' own checks; the release build,
  # which has this warning too, is the one to judge by.
  target_compile_options(nemoclaw_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
endif()
if(NEMOCLAW_SANITIZE STREQUAL "asan-ubsan")
  target_compile_options(nemoclaw_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(nemoclaw_flags INTERFACE -fsanitize=address,undefined)
  set(NEMOCLAW_STATIC_RUNTIME OFF CACHE BOOL "" FORCE)
elseif(NEMOCLAW_SANITIZE STREQUAL "tsan")
  target_compile_options(nemoclaw_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(nemoclaw_flags INTERFACE -fsanitize=thread)
  set(NEMOCLAW_STATIC_RUNTIME OFF CACHE BOOL "" FORCE)
endif()
if(NEMOCLAW_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "fuzz targets need clang: use --preset fuzz")
  endif()
  target_compile_options(nemoclaw_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(nemoclaw_flags INTERFACE -fsanitize=address,undefined)
  set(NEMOCLAW_STATIC_RUNTIME OFF CACHE BOOL "" FORCE)
endif()
if(NEMOCLAW_TIDY)
  find_program(CLANG_TIDY clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY})
endif()

# The commit that --version prints; "unknown" outside a checkout.
execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  OUTPUT_VARIABLE NEMOCLAW_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT NEMOCLAW_COMMIT)
  set(NEMOCLAW_COMMIT unknown)
endif()
configure_file(${CMAKE_SOURCE_DIR}/cmake/source_tree.h.in ${CMAKE_BINARY_DIR}/generated/nemoclaw_source_tree.h)
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${CMAKE_BINARY_DIR}/generated/nemoclaw_version.h)
