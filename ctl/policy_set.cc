// nemoclawctl policy set | rollback
#include "ctl/policy_set.h"

#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_difference.h"
#include "ctl/policy_source.h"
#include "ctl/printable.h"
#include "policy/engine/engine.h"
#include "policy/parse/parse.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kSetRows = {
    kReasonRow, {"dry-run", nullptr, "judge it and change nothing"}, kContainerRow};

int refuse(const char* command, const Error& error) {
  std::fprintf(stderr, "nemoclawctl policy %s: %s\n", command, error.message.c_str());
  return kExitNo;
}

void print_result(const InForce& result, bool dry_run, bool as_json) {
  if (as_json) {
    json::Writer writer;
    writer.begin_object().member("revision", result.revision).member("digest", result.digest);
    writer.member("generation", result.generation)
        .member("closed", result.closed)
        .member("in_force", !dry_run);
    std::printf("%s\n", writer.end_object().take().c_str());
    return;
  }
  std::printf("revision %llu (%s) %s, generation %llu, %llu connections %s\n",
              static_cast<unsigned long long>(result.revision), result.digest.c_str(),
              dry_run ? "would be in force" : "is in force",
              static_cast<unsigned long long>(result.generation),
              static_cast<unsigned long long>(result.closed), dry_run ? "would be closed" : "closed");
}

void print_changes(char mark, const std::vector<Change>& changes) {
  for (const Change& change : changes) std::printf("%c %s\n", mark, printable(change.text, 400).c_str());
}

// What changes against the policy in force, for a dry run.
void print_difference(const SandboxPolicies& policies, const policy::Policy& wanted) {
  const auto known = all_revisions(policies);
  if (!known) return;
  for (const policy::Revision& each : *known) {
    if (!each.current) continue;
    const policy::ParseOutcome before = policy::parse_policy(each.text, each.name + ".yaml");
    if (!before.policy) return;
    const Difference difference = compare(*before.policy, wanted);
    print_changes('+', difference.possible);
    print_changes('-', difference.stops);
    print_changes('~', difference.other);
  }
}

}  // namespace

int set_policy(const char* command, const SandboxPolicies& policies, const Options& options, bool json,
               const policy::Policy& parsed, NewPolicy wanted) {
  const auto engine = policy::Engine::compile(parsed);
  if (!engine) return refuse(command, engine.error());
  wanted.named_binaries = (*engine)->named_binaries();
  wanted.digest = parsed.digest;
  wanted.dry_run = options.has("dry-run");
  wanted.reason = options.value("reason").value_or(wanted.reason);
  if (wanted.dry_run && !json) print_difference(policies, parsed);
  const Result<InForce> done = put_in_force(policies, wanted);
  if (!done) return refuse(command, done.error());
  print_result(*done, wanted.dry_run, json);
  return kExitFine;
}

namespace {

int run_set(const Options& options, bool json) {
  int code = kExitFine;
  const auto source = open_policy("set", options.words()[1], options.value("config"), code);
  if (!source) return code;
  const Result<SandboxPolicies> policies =
      open_policies(options.words()[0], options.value("container").value_or(""), options.value("config"));
  if (!policies) return policy_usage_error("set", policies.error().message);
  NewPolicy wanted;
  wanted.name = source->policy.name;
  wanted.text = source->text;
  return set_policy("set", *policies, options, json, source->policy, std::move(wanted));
}

int run_rollback(const Options& options, bool json) {
  const Result<SandboxPolicies> policies =
      open_policies(options.words()[0], options.value("container").value_or(""), options.value("config"));
  if (!policies) return policy_usage_error("rollback", policies.error().message);
  const auto known = all_revisions(*policies);
  if (!known) return policy_usage_error("rollback", known.error().message);
  const auto found = std::find_if(known->begin(), known->end(), [&](const policy::Revision& each) {
    return std::to_string(each.number) == options.words()[1];
  });
  if (found == known->end())
    return policy_usage_error("rollback", "no revision " + quoted(options.words()[1]) +
                                              "; 'nemoclawctl policy history' shows what there is");
  const policy::ParseOutcome outcome = policy::parse_policy(found->text, found->name + ".yaml");
  if (!outcome.policy)
    return refuse("rollback", make_error("this version does not accept the revision any more"));
  NewPolicy wanted;
  wanted.name = found->name;
  wanted.text = found->text;
  wanted.reason = "rollback to revision " + std::to_string(found->number);
  return set_policy("rollback", *policies, options, json, *outcome.policy, std::move(wanted));
}

}  // namespace

const PolicyCommand& policy_set() {
  static const PolicyCommand command = {
      .name = "set",
      .summary = "put another policy in force for a sandbox that runs",
      .usage = "SANDBOX POLICY",
      .about =
          "Puts POLICY (a file, or the name of an installed one) in force without restarting anything, and\n"
          "returns when it is. Requests in flight finish; the next one is judged by the new policy; tunnels\n"
          "that it does not allow are closed. Only what the proxy decides can change: a policy with another\n"
          "file system, process, inbound or integrity section is refused. The policy outlives restarts of\n"
          "the container and goes with it. Exit code: 0 in force, 1 refused and nothing changed, 2 bad use.",
      .rows = kSetRows,
      .words = Words::Sandboxes,
      .words_min = 2,
      .words_max = 2,
      .words_wrong = "name a sandbox and a policy",
      .takes_config = true,
      .run = run_set};
  return command;
}

const PolicyCommand& policy_rollback() {
  static const PolicyCommand command = {
      .name = "rollback",
      .summary = "put an earlier policy of a sandbox in force again",
      .usage = "SANDBOX REVISION",
      .about =
          "Makes a new revision with the text of an earlier one, as 'policy set' does. Revision 1 is what "
          "the\n"
          "container was created with. Exit code: 0 in force, 1 refused and nothing changed, 2 bad use.",
      .rows = kSetRows,
      .words = Words::Sandboxes,
      .words_min = 2,
      .words_max = 2,
      .words_wrong = "name a sandbox and the number of a revision",
      .takes_config = true,
      .run = run_rollback};
  return command;
}

}  // namespace nemoclaw::ctl
