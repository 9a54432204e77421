// What is allowed in a policy, but seldom meant. Codes never change their meaning; docs/policy-lint.md lists
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/lint_acceptances.h"
#include "policy/model/policy.h"
#include "policy/parse/parse.h"

namespace nemoclaw::ctl {

struct LintInput {
  const policy::Policy& policy;
  std::string_view text;              // what it was read from, for places and source lines
  std::optional<std::string> rootfs;  // an unpacked image to look for binaries in
};

class Findings {
 public:
  explicit Findings(std::string_view text) : text_(text) {}

  void add(const char* code, policy::Location at, std::string message, std::string fix);
  void add(policy::Diagnostic finding);
  // In the order of the file; what was found is forgotten.
  std::vector<policy::Diagnostic> take();

 private:
  std::string_view text_;
  std::vector<policy::Diagnostic> found_;
};

LintResult lint(const LintInput& input);

// The groups of rules.
void lint_binaries(const LintInput& input, Findings& findings);   // L0101, L0102, L0112
void lint_endpoints(const LintInput& input, Findings& findings);  // L0103, L0105, L0106, L0113, L0115
void lint_rules(const LintInput& input, Findings& findings);      // L0104, L0107, L0108, L0109
void lint_credentials(const LintInput& input, Findings& findings);
void lint_paths(const LintInput& input, Findings& findings);  // L0110, L0111, L0114

}  // namespace nemoclaw::ctl
