#include "ctl/lint.h"

#include <algorithm>

namespace nemoclaw::ctl {
namespace {

std::string line_of(std::string_view text, uint32_t line) {
  for (; line > 1; --line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

void Findings::add(const char* code, policy::Location at, std::string message, std::string fix) {
  // What is absent from the file is shown at its start.
  if (at.line == 0) at = {1, 1};
  found_.push_back(
      {policy::Severity::Warning, code, at, std::move(message), std::move(fix), line_of(text_, at.line)});
}

std::vector<policy::Diagnostic> Findings::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return std::move(found_);
}

std::vector<policy::Diagnostic> lint(const LintInput& input) {
  Findings findings(input.text);
  lint_binaries(input, findings);
  lint_endpoints(input, findings);
  lint_rules(input, findings);
  lint_paths(input, findings);
  return findings.take();
}

}  // namespace nemoclaw::ctl
