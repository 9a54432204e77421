#include "ctl/policy_commands.h"

#include <cstdio>

#include "ctl/command.h"

namespace nemoclaw::ctl {

const std::vector<Command>& policy_commands() {
  static const std::vector<Command> commands = {
      {"policy", "check", "say everything that is wrong with policy files", run_policy_check},
      {"policy", "decide", "is one request allowed, and by which rule", run_policy_decide},
      {"policy", "explain", "what the kernel and the proxy will be told, and why", run_policy_explain},
      {"policy", "list", "the policies and presets that are installed", run_policy_list},
      {"policy", "convert", "print any accepted form as the full schema", run_policy_convert},
      {"policy", "show", "print an installed policy or a file as the full schema", run_policy_show},
      {"policy", "lint", "what is allowed in a policy, but seldom meant", run_policy_lint},
      {"policy", "diff", "what becomes possible and what stops between two policies", run_policy_diff},
      {"policy", "test", "judge requests with expected verdicts", run_policy_test},
      {"policy", "add-preset", "add a preset's entries to a policy file", run_policy_add_preset},
      {"policy", "remove-preset", "take a preset's entries out of a policy file", run_policy_remove_preset},
      {"policy", "schema", "the JSON Schema of policy files, for editors", run_policy_schema},
  };
  return commands;
}

int policy_usage_error(const char* command, const std::string& message) {
  std::fprintf(stderr, "nemoclawctl policy %s: %s\n", command, message.c_str());
  return kExitUsage;
}

}  // namespace nemoclaw::ctl
