# nemoclaw_room(name [PUBLIC deps...] [PRIVATE deps...] [LIBRARIES libs...])
#
# A room is one folder and one static library: every *.cc in the folder. Its dependencies are the
# arrows of the architecture picture; tests/tidy checks that includes follow them.
function(nemoclaw_room name)
  cmake_parse_arguments(ROOM "" "" "PUBLIC;PRIVATE;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC nemoclaw_flags ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE} ${ROOM_LIBRARIES})
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
