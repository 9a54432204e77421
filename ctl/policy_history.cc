// nemoclawctl policy get | history
#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "ctl/printable.h"
#include "ctl/sandbox_policy.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

const OptionRow kContainerRow = {"container", "ID", "a container that joined the sandbox"};

void write_revision(json::Writer& writer, const policy::Revision& each, bool with_text) {
  writer.begin_object().member("revision", each.number).member("current", each.current);
  writer.member("name", each.name).member("digest", each.digest).member("author", each.author);
  writer.member("reason", each.reason).member("time", each.time);
  if (with_text) writer.member("text", each.text);
  writer.end_object();
}

Result<std::vector<policy::Revision>> revisions_for(const Options& options) {
  const SandboxPolicies policies = TRY(
      open_policies(options.words()[0], options.value("container").value_or(""), options.value("config")));
  return all_revisions(policies);
}

int run_history(const Options& options, bool json) {
  const auto revisions = revisions_for(options);
  if (!revisions) return policy_usage_error("history", revisions.error().message);
  if (json) {
    json::Writer writer(true);
    writer.begin_array();
    for (const policy::Revision& each : *revisions) write_revision(writer, each, false);
    std::printf("%s\n", writer.end_array().take().c_str());
    return kExitFine;
  }
  std::printf("  REVISION  TIME                  AUTHOR      DIGEST               POLICY      REASON\n");
  for (const policy::Revision& each : *revisions)
    std::printf("%c %-8llu  %-20.20s  %-10s  %-19.19s  %-10s  %s\n", each.current ? '*' : ' ',
                static_cast<unsigned long long>(each.number), printable(each.time, 20).c_str(),
                printable(each.author, 40).c_str(), printable(each.digest, 19).c_str(),
                printable(each.name, 40).c_str(), printable(each.reason, 200).c_str());
  return kExitFine;
}

int run_get(const Options& options, bool json) {
  const auto revisions = revisions_for(options);
  if (!revisions) return policy_usage_error("get", revisions.error().message);
  const std::optional<std::string> wanted = options.value("revision");
  for (const policy::Revision& each : *revisions) {
    if (wanted ? std::to_string(each.number) != *wanted : !each.current) continue;
    if (json) {
      json::Writer writer(true);
      write_revision(writer, each, true);
      std::printf("%s\n", writer.take().c_str());
    } else {
      std::fwrite(each.text.data(), 1, each.text.size(), stdout);
    }
    return kExitFine;
  }
  return policy_usage_error("get", "no revision " + quoted(wanted.value_or("")) +
                                       "; 'nemoclawctl policy history' shows what there is");
}

}  // namespace

const PolicyCommand& policy_history() {
  static const PolicyCommand command = {
      .name = "history",
      .summary = "the policies that a sandbox has had",
      .usage = "SANDBOX",
      .about =
          "Who put which policy in force, when and why; '*' marks the one that is. Revision 1 is what the\n"
          "container was created with.",
      .rows = {kContainerRow},
      .words = Words::Sandboxes,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one sandbox",
      .takes_config = true,
      .run = run_history};
  return command;
}

const PolicyCommand& policy_get() {
  static const PolicyCommand command = {
      .name = "get",
      .summary = "print the policy that is in force for a sandbox",
      .usage = "SANDBOX",
      .about = "Prints the policy that is in force, as it was written, or an earlier one.",
      .rows = {{"revision", "N", "this one, and not the one in force"}, kContainerRow},
      .words = Words::Sandboxes,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one sandbox",
      .takes_config = true,
      .run = run_get};
  return command;
}

}  // namespace nemoclaw::ctl
