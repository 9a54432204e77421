# Third-party libraries, one INTERFACE target each; docs/dependencies.md says why each is here.
# Archives where Debian ships them: a program starts faster, and runs on the next Debian release too.
function(nemoclaw_library target header)
  cmake_parse_arguments(LIB "" "" "NAMES" ${ARGN})
  find_path(${target}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  foreach(name ${LIB_NAMES})
    find_library(${target}_${name} NAMES ${name} REQUIRED)
    target_link_libraries(${target} INTERFACE ${${target}_${name}})
  endforeach()
endfunction()

nemoclaw_library(lib_seccomp seccomp.h NAMES libseccomp.a)
nemoclaw_library(lib_yajl yajl/yajl_parse.h NAMES libyajl_s.a)
nemoclaw_library(lib_yaml yaml.h NAMES libyaml.a)
nemoclaw_library(lib_mnl libmnl/libmnl.h NAMES mnl)
nemoclaw_library(lib_cares ares.h NAMES libcares.a)
nemoclaw_library(lib_nghttp2 nghttp2/nghttp2.h NAMES libnghttp2.a)
nemoclaw_library(lib_asio asio.hpp)
target_compile_definitions(lib_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
# g++ 12 takes Asio's recycling allocator for coroutine frames for a mismatch when it optimises.
target_compile_options(lib_asio INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-mismatched-new-delete>)
find_package(OpenSSL 3.0 REQUIRED)
set(Boost_USE_STATIC_LIBS ON)  # no soname that the next Debian lacks
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(Threads REQUIRED)
