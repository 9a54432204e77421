// nemoclawctl policy schema
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "policy/parse/json_schema.h"

namespace nemoclaw::ctl {
namespace {

int run(const Options&, bool) {
  std::printf("%s\n", json::Writer(true).value(policy::policy_json_schema()).take().c_str());
  return kExitFine;
}

}  // namespace

const PolicyCommand& policy_schema() {
  static const PolicyCommand command = {
      .name = "schema",
      .summary = "the JSON Schema of policy files, for editors",
      .usage = "",
      .about =
          "Prints the JSON Schema (draft-07) of policy files in all accepted forms, for\n"
          "editors. 'check' says more: what a schema cannot express.",
      .rows = {},
      .words = Words::None,
      .words_min = 0,
      .words_max = 0,
      .words_wrong = "no argument is expected",
      .formats = "",
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
