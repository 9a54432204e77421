#include "ctl/lint.h"

#include <algorithm>
#include <utility>

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
  // What is absent from the file is shown where its content starts.
  if (at.line == 0) at = {first_content_line(text_), 1};
  found_.push_back(
      {policy::Severity::Warning, code, at, std::move(message), std::move(fix), line_of(text_, at.line)});
}

void Findings::add(policy::Diagnostic finding) { found_.push_back(std::move(finding)); }

std::vector<policy::Diagnostic> Findings::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return std::exchange(found_, {});
}

namespace {

bool fits(const Acceptance& acceptance, const policy::Diagnostic& finding) {
  return acceptance.code == finding.code && acceptance.bound_to == finding.at.line;
}

// An acceptance that nobody can follow, or that no longer accepts anything, is a finding of its own.
void lint_acceptances(const std::vector<Acceptance>& acceptances,
                      const std::vector<policy::Diagnostic>& found, Findings& findings) {
  for (const Acceptance& acceptance : acceptances) {
    const bool used = std::any_of(found.begin(), found.end(),
                                  [&](const auto& finding) { return fits(acceptance, finding); });
    if (acceptance.code.empty())
      findings.add("L0116", acceptance.at, "this comment for the linter cannot be understood",
                   "write '# lint: accept L0105 reason' above the line that is meant");
    else if (acceptance.reason.empty())
      findings.add("L0116", acceptance.at, acceptance.code + " is accepted without a reason",
                   "say why, after the code: who reads it must be able to judge it");
    else if (!used)
      findings.add("L0117", acceptance.at, "nothing is found here that " + acceptance.code + " stands for",
                   "remove the comment, or put it directly above the line that is meant");
  }
}

}  // namespace

LintResult lint(const LintInput& input) {
  Findings findings(input.text);
  lint_binaries(input, findings);
  lint_endpoints(input, findings);
  lint_credentials(input, findings);
  lint_rules(input, findings);
  lint_paths(input, findings);
  const std::vector<Acceptance> acceptances = read_acceptances(input.text);
  LintResult result;
  std::vector<policy::Diagnostic> found = findings.take();
  lint_acceptances(acceptances, found, findings);
  for (const policy::Diagnostic& finding : found) {
    const auto accepted = std::find_if(acceptances.begin(), acceptances.end(), [&](const Acceptance& each) {
      return fits(each, finding) && !each.reason.empty();
    });
    if (accepted == acceptances.end())
      findings.add(finding);
    else
      result.accepted.push_back({finding, accepted->reason});
  }
  result.findings = findings.take();
  return result;
}

}  // namespace nemoclaw::ctl
