// nemoclawctl: the operator's tool.
#include <string>
#include <vector>

#include "ctl/dispatch.h"

int main(int argc, char** argv) {
  using namespace nemoclaw::ctl;
  std::vector<Command> commands;
  for (const auto* table : {&policy_commands(), &sandbox_commands(), &logs_commands(), &doctor_commands()})
    commands.insert(commands.end(), table->begin(), table->end());
  return dispatch(commands, {argv + 1, argv + argc});
}
