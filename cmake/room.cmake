# nemoclaw_room(name [SMALL] [PUBLIC deps...] [PRIVATE deps...] [LIBRARIES libs...])
#
# A room is one folder and one static library: every *.cc in the folder. Its dependencies are the
# arrows of the architecture picture; tests/tidy checks that includes follow them.
#
# SMALL: its code runs once per process, so that what it costs is the pages that are read and mapped, not the
# instructions: optimised for size.
function(nemoclaw_room name)
  cmake_parse_arguments(ROOM "SMALL" "" "PUBLIC;PRIVATE;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC nemoclaw_flags ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE} ${ROOM_LIBRARIES})
    if(ROOM_SMALL)
      target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Os>)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE nemoclaw_flags ${ROOM_PUBLIC} ${ROOM_PRIVATE} ${ROOM_LIBRARIES})
  endif()
endfunction()

# nemoclaw_program(name source deps...)
function(nemoclaw_program name source)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE nemoclaw_flags ${ARGN})
endfunction()

# nemoclaw_starts_fast(program): what starts once or twice per container carries its C++ library, because loading and
# relocating libstdc++.so takes longer than the rest of the start. (nemoclaw-hook: 1.9 -> 1.3 ms.)
function(nemoclaw_starts_fast name)
  if(NEMOCLAW_STATIC_RUNTIME)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc $<$<CONFIG:Release>:-s>)
  endif()
endfunction()
