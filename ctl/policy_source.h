// A policy that a command was given: by file, or by the name of an installed one.
#pragma once

#include <optional>
#include <string>

#include "policy/parse/merge_preset.h"

namespace nemoclaw::ctl {

using PolicySource = policy::PolicyText;

// Prints what is wrong (as `nemoclawctl policy <command>`) and sets the exit code: kExitUsage if there is no
// such file or name, kExitNo if the policy is invalid.
std::optional<PolicySource> open_policy_file(const char* command, const std::string& file, int& exit_code);
// A word with a '/' or the ending of YAML names a file.
bool is_file_name(const std::string& word);
// Anything but a file's name is looked up on the node.
std::optional<PolicySource> open_policy(const char* command, const std::string& word,
                                        const std::optional<std::string>& config, int& exit_code);

// What `policy show` was given: a policy, or a sandbox's.
struct ShownPolicy {
  PolicySource source;
  std::string sandbox, bundle;  // empty: no sandbox
};
// As open_policy(); a word that is no policy's name may be the id of a sandbox, or the beginning of one.
std::optional<ShownPolicy> open_policy_or_sandbox(const char* command, const std::string& word,
                                                  const std::optional<std::string>& config, int& exit_code);

}  // namespace nemoclaw::ctl
