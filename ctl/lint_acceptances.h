// Findings that somebody has looked at and means: a comment above the line, with the reason.
//
//   # lint: accept L0105 every customer has a host of its own
//   - host: "*.example.com"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/parse.h"

namespace nemoclaw::ctl {

struct Acceptance {
  std::string code, reason;
  policy::Location at;    // of the comment
  uint32_t bound_to = 0;  // the next line that is neither empty nor a comment; 0: there is none
};

struct Accepted {
  policy::Diagnostic finding;
  std::string reason;
};

struct LintResult {
  std::vector<policy::Diagnostic> findings;
  std::vector<Accepted> accepted;
};

// In the order of the file. A comment that starts with "lint:" and cannot be understood has an empty code.
std::vector<Acceptance> read_acceptances(std::string_view text);

// The first line that is neither empty nor a comment, 1 if there is none.
uint32_t first_content_line(std::string_view text);

}  // namespace nemoclaw::ctl
