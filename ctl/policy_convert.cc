// nemoclawctl policy convert FILE and policy show NAME|FILE
#include <cstdio>

#include "ctl/command.h"
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

int run_convert(const Options& options, bool json) {
  int code = kExitFine;
  const auto source = open_policy_file("convert", options.words()[0], code);
  if (!source) return code;
  const json::Value converted = policy::convert_policy(source->policy, source->text);
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

int run_show(const Options& options, bool json) {
  int code = kExitFine;
  const auto source = open_policy("show", options.words()[0], options.value("config"), code);
  if (!source) return code;
  const policy::Policy& policy = source->policy;
  const json::Value content = policy::convert_policy(policy, source->text);
  const char* kind = policy.is_preset ? "preset" : "policy";
  if (json) {
    json::Writer writer(true);
    writer.begin_object().member("name", policy.name).member("kind", kind).member("file", source->file);
    writer.member("description", policy.description).member("digest", policy.digest);
    std::printf("%s\n", writer.member("content", content).end_object().take().c_str());
    return kExitFine;
  }
  std::printf("%s%s%s%s%s", comment(kind, policy.name).c_str(),
              comment("description", policy.description).c_str(), comment("file", source->file).c_str(),
              comment("digest", policy.digest).c_str(), policy::to_yaml(content).c_str());
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
      .summary = "print an installed policy or a file as the full schema",
      .usage = "NAME|FILE",
      .about =
          "Prints an installed policy or a file as the full schema, with where it comes from and\n"
          "its digest. Exit code: 0 fine, 1 the policy is invalid, 2 there is none.",
      .rows = {},
      .words = Words::PolicyNames,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one policy",
      .takes_config = true,
      .run = run_show};
  return command;
}

}  // namespace nemoclaw::ctl
