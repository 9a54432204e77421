// nemoclawctl: the operator's tool.
#include <string>
#include <vector>

#include "ctl/command.h"
#include "ctl/dispatch.h"

int main(int argc, char** argv) {
  using namespace nemoclaw::ctl;
  return dispatch(all_commands(), {argv + 1, argv + argc});
}
