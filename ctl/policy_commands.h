// nemoclawctl policy ...: one function per command.
#pragma once

#include <string>
#include <vector>

namespace nemoclaw::ctl {

int run_policy_check(const std::vector<std::string>& args);
int run_policy_decide(const std::vector<std::string>& args);
int run_policy_explain(const std::vector<std::string>& args);
int run_policy_list(const std::vector<std::string>& args);
int run_policy_test(const std::vector<std::string>& args);
int run_policy_convert(const std::vector<std::string>& args);
int run_policy_show(const std::vector<std::string>& args);
int run_policy_lint(const std::vector<std::string>& args);
int run_policy_diff(const std::vector<std::string>& args);
int run_policy_add_preset(const std::vector<std::string>& args);
int run_policy_remove_preset(const std::vector<std::string>& args);
int run_policy_schema(const std::vector<std::string>& args);

// "nemoclawctl policy check: message" on stderr; returns kExitUsage.
int policy_usage_error(const char* command, const std::string& message);

}  // namespace nemoclaw::ctl
