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

const std::vector<OptionRow> kConvertRows = {{"format", "yaml|json", "what to write (default: yaml)"},
                                             {"help,h", nullptr, "this text"}};

const std::vector<OptionRow> kShowRows = {
    {"config", "FILE", "the node's configuration (default: /etc/nemoclaw/config.yaml)"},
    {"format", "text|json", "how to print (default: text)"},
    {"help,h", nullptr, "this text"}};

std::string comment(const std::string& label, const std::string& text) {
  return text.empty() ? "" : "# " + label + ": " + json::quote(text) + "\n";
}

}  // namespace

int run_policy_convert(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, kConvertRows);
  if (!options) return policy_usage_error("convert", options.error().message);
  if (options->has("help")) {
    std::fputs(
        help_text("nemoclawctl policy convert FILE",
                  "Prints a policy, preset, four-level list or egress list as the full schema. Comments\n"
                  "are not kept. Exit code: 0 fine, 1 the file is invalid, 2 it cannot be read.",
                  kConvertRows)
            .c_str(),
        stdout);
    return kExitFine;
  }
  const std::string format = options->value("format").value_or("yaml");
  if (format != "yaml" && format != "json")
    return policy_usage_error("convert", "--format is yaml or json, not " + quoted(format));
  if (options->words().size() != 1) return policy_usage_error("convert", "name one file; see --help");
  int code = kExitFine;
  const auto source = open_policy_file("convert", options->words()[0], code);
  if (!source) return code;
  const json::Value converted = policy::convert_policy(source->policy, source->text);
  if (format == "json")
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

int run_policy_show(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, kShowRows);
  if (!options) return policy_usage_error("show", options.error().message);
  if (options->has("help")) {
    std::fputs(
        help_text("nemoclawctl policy show NAME|FILE",
                  "Prints an installed policy or a file as the full schema, with where it comes from and\n"
                  "its digest. Exit code: 0 fine, 1 the policy is invalid, 2 there is none.",
                  kShowRows)
            .c_str(),
        stdout);
    return kExitFine;
  }
  const auto json = options->wants_json();
  if (!json) return policy_usage_error("show", json.error().message);
  if (options->words().size() != 1) return policy_usage_error("show", "name one policy; see --help");
  int code = kExitFine;
  const auto source = open_policy("show", options->words()[0], options->value("config"), code);
  if (!source) return code;
  const policy::Policy& policy = source->policy;
  const json::Value content = policy::convert_policy(policy, source->text);
  const char* kind = policy.is_preset ? "preset" : "policy";
  if (*json) {
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

}  // namespace nemoclaw::ctl
