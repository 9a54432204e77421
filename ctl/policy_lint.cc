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
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {
    {"config", "FILE", "the node's configuration, for names (default: /etc/nemoclaw/config.yaml)"},
    {"rootfs", "DIR", "an unpacked image: report binaries that it does not have"},
    {"format", "text|json", "how to print (default: text)"},
    {"help,h", nullptr, "this text"}};

void print_text(const std::string& file, const std::vector<policy::Diagnostic>& findings) {
  for (const policy::Diagnostic& finding : findings)
    std::fputs(policy::render_text(finding, file, isatty(STDOUT_FILENO) == 1).c_str(), stdout);
  if (findings.empty())
    std::printf("%s: nothing found\n", file.c_str());
  else
    std::printf("%s: %zu finding%s\n", file.c_str(), findings.size(), findings.size() == 1 ? "" : "s");
}

}  // namespace

int run_policy_lint(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, kRows);
  if (!options) return policy_usage_error("lint", options.error().message);
  if (options->has("help")) {
    std::fputs(
        help_text("nemoclawctl policy lint FILE|NAME...",
                  "Prints what a valid policy allows, but is seldom meant: each with code, line and fix.\n"
                  "Exit code: 0 nothing found, 1 something found or a policy is invalid, 2 unreadable.",
                  kRows)
            .c_str(),
        stdout);
    return kExitFine;
  }
  const auto json = options->wants_json();
  if (!json) return policy_usage_error("lint", json.error().message);
  if (options->words().empty()) return policy_usage_error("lint", "name at least one policy; see --help");
  const auto rootfs = options->value("rootfs");
  if (rootfs) {
    const auto root = open_file(*rootfs, O_PATH | O_DIRECTORY);
    if (!root) return policy_usage_error("lint", "--rootfs: " + root.error().message);
  }
  int code = kExitFine;
  json::Writer writer;
  writer.begin_array();
  for (const std::string& word : options->words()) {
    int failed = kExitFine;
    const auto source = open_policy("lint", word, options->value("config"), failed);
    code = std::max(code, failed);
    if (!source) continue;
    const auto findings = lint({source->policy, source->text, rootfs});
    if (!findings.empty()) code = std::max<int>(code, kExitNo);
    if (!*json) {
      print_text(source->file, findings);
    } else if (const auto rendered = json::parse(policy::render_json(findings, source->file))) {
      for (const json::Value& finding : rendered->array) writer.value(finding);
    }
  }
  if (*json) std::printf("%s\n", writer.end_array().take().c_str());
  return code;
}

}  // namespace nemoclaw::ctl
