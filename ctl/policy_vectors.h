// Requests with expected verdicts, as a file of `policy test` holds them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/policy_request.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {

struct PolicyVector {
  std::string name;
  std::optional<std::string> policy;  // absent: the file on the command line
  std::string expect;                 // "allow", "deny", "invalid"
  DescribedRequest request;
  std::string unreadable;  // not empty: why this vector cannot be judged, so that it fails
};

// {"vectors": [...]}; an error says what is wrong with the file. What is wrong with one vector is kept in it,
// so that the others are judged. Unknown keys are wrong: a misspelt one would change what is asked.
Result<std::vector<PolicyVector>> read_policy_vectors(const std::string& text);

}  // namespace nemoclaw::ctl
