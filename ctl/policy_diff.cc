// nemoclawctl policy diff A B
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_difference.h"
#include "ctl/policy_source.h"
#include "ctl/printable.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

void print_list(const char* title, char sign, const std::vector<Change>& changes) {
  if (changes.empty()) return;
  std::printf("%s\n", title);
  for (const Change& change : changes)
    std::printf("  %c %-9s  %s\n", sign, change.kind.c_str(), printable(change.text).c_str());
}

void write_list(json::Writer& writer, const char* key, const std::vector<Change>& changes) {
  writer.key(key).begin_array();
  for (const Change& change : changes)
    writer.begin_object().member("kind", change.kind).member("what", change.text).end_object();
  writer.end_array();
}

int run(const Options& options, bool json) {
  int code = kExitFine;
  const auto before = open_policy("diff", options.words()[0], options.value("config"), code);
  if (!before) return code;
  const auto after = open_policy("diff", options.words()[1], options.value("config"), code);
  if (!after) return code;
  const Difference difference = compare(before->policy, after->policy);
  if (json) {
    json::Writer writer;
    writer.begin_object();
    write_list(writer, "becomes_possible", difference.possible);
    write_list(writer, "stops", difference.stops);
    write_list(writer, "other", difference.other);
    std::printf("%s\n", writer.end_object().take().c_str());
    return kExitFine;
  }
  print_list("becomes possible:", '+', difference.possible);
  print_list("stops:", '-', difference.stops);
  print_list("other changes:", '~', difference.other);
  if (difference.possible.empty() && difference.stops.empty() && difference.other.empty())
    std::printf("both policies mean the same\n");
  return kExitFine;
}

}  // namespace

const PolicyCommand& policy_diff() {
  static const PolicyCommand command = {
      .name = "diff",
      .summary = "what becomes possible and what stops between two policies",
      .usage = "A B",
      .about =
          "Prints what becomes possible and what stops when policy B takes the place of A. Each is\n"
          "a file or the name of an installed policy. Exit code: 0 compared, 1 one is invalid,\n"
          "2 one is unreadable.",
      .rows = {},
      .words = Words::PolicyNames,
      .words_min = 2,
      .words_max = 2,
      .words_wrong = "name two policies",
      .takes_config = true,
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
