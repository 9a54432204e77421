// nemoclawctl policy convert FILE and policy show NAME|FILE|SANDBOX
#include <cstdio>

#include "ctl/command.h"
#include "ctl/explain.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_source.h"
#include "policy/parse/full_schema.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

std::string comment(const std::string& label, const std::string& text) {
  return text.empty() ? "" : "# " + label + ": " + json::quote(text) + "\n";
}

bool names_own_loopback(const policy::Policy& policy) {
  for (const policy::NetworkEntry& entry : policy.network)
    for (const policy::Endpoint& endpoint : entry.endpoints)
      if (endpoint.host == "localhost") return true;
  return false;
}

int run_convert(const Options& options, bool json) {
  int code = kExitFine;
  const auto source = open_policy_file("convert", options.words()[0], code);
  if (!source) return code;
  const json::Value converted = policy::convert_policy(source->policy, source->text);
  if (names_own_loopback(source->policy))
    std::fputs("nemoclawctl policy convert: 'localhost' is left out: the sandbox's own loopback is not fenced\n",
               stderr);
  if (json)
    std::printf("%s\n", json::Writer(true).value(converted).take().c_str());
  else
    std::printf("%s%s",
                source->policy.is_preset ? (comment("preset", source->policy.name) +
                                            comment("description", source->policy.description))
                                               .c_str()
                                         : "",
                policy::to_yaml(converted).c_str());
  return kExitFine;
}

int show_effective(ShownPolicy shown, const Options& options, bool json) {
  const std::optional<std::string> bundle =
      shown.bundle.empty() ? std::nullopt : std::optional<std::string>(shown.bundle);
  const auto explanation = explain(std::move(shown.source.policy), options, bundle);
  if (!explanation) {
    policy_usage_error("show", explanation.error().message);
    return kExitNo;
  }
  std::fputs((json ? explain_json(*explanation) + "\n" : explain_text(*explanation)).c_str(), stdout);
  return kExitFine;
}

int run_show(const Options& options, bool json) {
  int code = kExitFine;
  auto shown = open_policy_or_sandbox("show", options.words()[0], options.value("config"), code);
  if (!shown) return code;
  if (options.has("effective")) return show_effective(std::move(*shown), options, json);
  const policy::Policy& policy = shown->source.policy;
  const json::Value content = policy::convert_policy(policy, shown->source.text);
  const char* kind = policy.is_preset ? "preset" : "policy";
  if (json) {
    json::Writer writer(true);
    writer.begin_object().member("name", policy.name).member("kind", kind);
    writer.member("file", shown->source.file).member("sandbox", shown->sandbox);
    writer.member("description", policy.description).member("digest", policy.digest);
    std::printf("%s\n", writer.member("content", content).end_object().take().c_str());
    return kExitFine;
  }
  const std::string head = comment(kind, policy.name) + comment("sandbox", shown->sandbox) +
                           comment("description", policy.description) + comment("file", shown->source.file) +
                           comment("digest", policy.digest);
  std::printf("%s%s", head.c_str(), policy::to_yaml(content).c_str());
  return kExitFine;
}

}  // namespace

const PolicyCommand& policy_convert() {
  static const PolicyCommand command = {
      .name = "convert",
      .summary = "print any accepted form as the full schema",
      .usage = "FILE",
      .about =
          "Prints a policy, preset, four-level list or egress list as the full schema. Comments\n"
          "are not kept. Exit code: 0 fine, 1 the file is invalid, 2 it cannot be read.",
      .rows = {},
      .words = Words::Files,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one file",
      .formats = "yaml|json",
      .run = run_convert};
  return command;
}

const PolicyCommand& policy_show() {
  static const PolicyCommand command = {
      .name = "show",
      .summary = "print a policy, or a sandbox's, as the full schema",
      .usage = "NAME|FILE|SANDBOX [--effective]",
      .about =
          "Prints an installed policy, a file, or the policy of a running sandbox as the full schema, with\n"
          "where it comes from and its digest. --effective prints what it becomes for the sandbox's\n"
          "bundle, or for a made-up one, and why.\n"
          "Exit code: 0 fine, 1 the policy is invalid or cannot be applied, 2 there is none.",
      .rows = {{"effective", nullptr, "what kernel and proxy are told, instead of the policy"}},
      .words = Words::PolicyNames,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one policy",
      .takes_config = true,
      .run = run_show};
  return command;
}

}  // namespace nemoclaw::ctl
