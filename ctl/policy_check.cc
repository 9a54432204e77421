// nemoclawctl policy check FILE...
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/printable.h"
#include "policy/engine/engine.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

struct Checked {
  std::string file;
  std::string unreadable;  // why the file could not be read; then there is no outcome
  policy::ParseOutcome outcome;
};

Checked check(const std::string& file) {
  Checked checked{file, {}, {}};
  // The reader says what a file of more than 1 MiB is guilty of; here only memory is protected.
  const auto text = read_file(file, size_t{16} << 20);
  if (!text) {
    checked.unreadable = text.error().message;
    return checked;
  }
  checked.outcome = policy::parse_policy(*text, file);
  return checked;
}

void print_text(const Checked& checked, bool colour) {
  if (!checked.unreadable.empty()) {
    std::fprintf(stderr, "nemoclawctl policy check: %s\n", checked.unreadable.c_str());
    return;
  }
  for (const auto& diagnostic : checked.outcome.diagnostics)
    std::fputs(policy::render_text(diagnostic, checked.file, colour).c_str(), stdout);
  const auto errors =
      std::count_if(checked.outcome.diagnostics.begin(), checked.outcome.diagnostics.end(),
                    [](const auto& each) { return each.severity == policy::Severity::Error; });
  if (errors > 0)
    std::printf("%s: invalid, %td problem%s\n", checked.file.c_str(), errors, errors == 1 ? "" : "s");
  else
    std::printf("%s: valid (%s)\n", checked.file.c_str(),
                checked.outcome.policy->is_preset ? "preset" : "policy, version 1");
}

std::string as_json(const std::vector<Checked>& all) {
  json::Writer writer;
  writer.begin_array();
  for (const Checked& checked : all) {
    writer.begin_object().member("file", checked.file);
    writer.member("valid", checked.outcome.policy.has_value());
    if (!checked.unreadable.empty()) writer.member("unreadable", checked.unreadable);
    if (checked.outcome.policy) writer.member("digest", checked.outcome.policy->digest);
    writer.key("problems");
    // The same array that editors get for one file.
    if (const auto problems = json::parse(policy::render_json(checked.outcome.diagnostics, checked.file)))
      writer.value(*problems);
    else
      writer.begin_array().end_array();
    writer.end_object();
  }
  return writer.end_array().take();
}

int run(const Options& options, bool json) {
  std::vector<Checked> all;
  for (const std::string& file : options.words()) all.push_back(check(file));
  if (json)
    std::printf("%s\n", as_json(all).c_str());
  else
    for (const Checked& checked : all) print_text(checked, wants_colour(STDOUT_FILENO));
  int code = kExitFine;
  for (const Checked& checked : all)
    code = std::max<int>(code, !checked.unreadable.empty() ? kExitUsage
                               : checked.outcome.policy    ? kExitFine
                                                           : kExitNo);
  return code;
}

}  // namespace

const PolicyCommand& policy_check() {
  static const PolicyCommand command = {
      .name = "check",
      .summary = "say everything that is wrong with policy files",
      .usage = "FILE...",
      .about =
          "Reads policies and presets and prints every problem with its place and a remedy.\n"
          "Exit code: 0 all valid, 1 a file is invalid, 2 a file cannot be read.",
      .rows = {},
      .words = Words::Files,
      .words_min = 1,
      .words_max = SIZE_MAX,
      .words_wrong = "name at least one file",
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
