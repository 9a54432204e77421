// nemoclawctl policy lint FILE...
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/lint.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_source.h"
#include "ctl/printable.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

void print_text(const std::string& file, const LintResult& result, bool verbose) {
  for (const policy::Diagnostic& finding : result.findings)
    std::fputs(policy::render_text(finding, file, wants_colour(STDOUT_FILENO)).c_str(), stdout);
  if (verbose)
    for (const Accepted& accepted : result.accepted)
      std::printf("%s:%u: accepted %s: %s\n  = reason: %s\n", file.c_str(), accepted.finding.at.line,
                  accepted.finding.code.c_str(), printable(accepted.finding.message, 512).c_str(),
                  printable(accepted.reason, 512).c_str());
  const size_t count = result.findings.size();
  std::printf("%s: %s finding%s", file.c_str(), count == 0 ? "no" : std::to_string(count).c_str(),
              count == 1 ? "" : "s");
  if (!result.accepted.empty()) std::printf(", %zu accepted", result.accepted.size());
  std::printf("\n");
}

// The array that editors get, each finding with the reason why it is accepted, if it is.
void write_json(json::Writer& writer, const std::string& file, const LintResult& result) {
  std::vector<policy::Diagnostic> all = result.findings;
  for (const Accepted& accepted : result.accepted) all.push_back(accepted.finding);
  const auto rendered = json::parse(policy::render_json(all, file));
  if (!rendered) return;
  for (size_t i = 0; i < rendered->array.size(); ++i) {
    writer.begin_object();
    for (const auto& [key, value] : rendered->array[i].object) writer.member(key, value);
    if (i >= result.findings.size())
      writer.member("accepted", result.accepted[i - result.findings.size()].reason);
    writer.end_object();
  }
}

int run(const Options& options, bool json) {
  const auto rootfs = options.value("rootfs");
  if (rootfs) {
    const auto root = open_file(*rootfs, O_PATH | O_DIRECTORY);
    if (!root) return policy_usage_error("lint", "--rootfs: " + root.error().message);
  }
  int code = kExitFine;
  json::Writer writer;
  writer.begin_array();
  for (const std::string& word : options.words()) {
    int failed = kExitFine;
    const auto source = open_policy("lint", word, options.value("config"), failed);
    code = std::max(code, failed);
    if (!source) continue;
    const LintResult result = lint({source->policy, source->text, rootfs});
    if (!result.findings.empty()) code = std::max<int>(code, kExitNo);
    if (json)
      write_json(writer, source->file, result);
    else
      print_text(source->file, result, options.has("verbose"));
  }
  if (json) std::printf("%s\n", writer.end_array().take().c_str());
  return code;
}

}  // namespace

const PolicyCommand& policy_lint() {
  static const PolicyCommand command = {
      .name = "lint",
      .summary = "what is allowed in a policy, but seldom meant",
      .usage = "FILE|NAME...",
      .about =
          "Prints what a valid policy allows, but is seldom meant: each with code, line and fix.\n"
          "A finding that is meant is accepted by a comment above its line, with a reason:\n"
          "  # lint: accept L0105 every customer has a host of its own\n"
          "Exit code: 0 nothing found, 1 something found or a policy is invalid, 2 unreadable.",
      .rows = {{"rootfs", "DIR", "an unpacked image: report binaries that it does not have"},
               {"verbose,v", nullptr, "print accepted findings as well, with their reasons"}},
      .words = Words::PolicyNames,
      .words_min = 1,
      .words_max = SIZE_MAX,
      .words_wrong = "name at least one policy",
      .takes_config = true,
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
