// nemoclawctl policy schema
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "policy/parse/json_schema.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {{"help,h", nullptr, "this text"}};

}  // namespace

int run_policy_schema(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, kRows);
  if (!options) return policy_usage_error("schema", options.error().message);
  if (options->has("help")) {
    std::fputs(help_text("nemoclawctl policy schema",
                         "Prints the JSON Schema (draft-07) of policy files in all accepted forms, for\n"
                         "editors. 'check' says more: what a schema cannot express.",
                         kRows)
                   .c_str(),
               stdout);
    return kExitFine;
  }
  if (!options->words().empty())
    return policy_usage_error("schema", "no argument is expected: " + quoted(options->words()[0]));
  std::printf("%s\n", json::Writer(true).value(policy::policy_json_schema()).take().c_str());
  return kExitFine;
}

}  // namespace nemoclaw::ctl
