// Policy files by name. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/parse.h"
#include "policy/select/select.h"

namespace nemoclaw::policy {

// A name, as opposed to a path: letters, digits, '.', '_', '-', not starting with '.'.
bool is_policy_name(std::string_view name);

struct PolicyFile {
  std::string name, file;
};

// Every policy that the node has, by name; of equal names the first directory's counts. Missing directories
// are fine.
Result<std::vector<PolicyFile>> policy_files(const NodeConfig& config);

struct ReadPolicy {
  Policy policy;
  std::string text;
};
// Text and policy from one reading: the sandbox gets exactly what was judged.
Result<ReadPolicy> read_policy(const std::string& file);

// Every error on a line of its own.
std::string joined_errors(const std::vector<Diagnostic>& diagnostics, std::string_view file);

}  // namespace nemoclaw::policy
