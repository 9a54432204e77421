// nemoclawctl policy ...: what each command takes, and how it runs.
#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"
#include "ctl/options.h"

namespace nemoclaw::ctl {

// Everything that help, completion and the reading of the command line have to know.
struct PolicyCommand {
  const char* name;
  const char* summary;  // one line for the overview
  const char* usage;    // the words behind the name: "FILE..."
  const char* about;
  std::vector<OptionRow> rows;  // without those that are common: format, config, help
  Words words;                  // what the words are
  size_t words_min, words_max;
  const char* words_wrong;            // what is said of too few or too many
  const char* formats = "text|json";  // the first is the default; "": there is no choice
  bool takes_config = false;
  int (*run)(const Options& options, bool json);

  std::vector<OptionRow> all_rows() const;
};

const PolicyCommand& policy_check();
const PolicyCommand& policy_decide();
const PolicyCommand& policy_explain();
const PolicyCommand& policy_list();
const PolicyCommand& policy_test();
const PolicyCommand& policy_convert();
const PolicyCommand& policy_show();
const PolicyCommand& policy_lint();
const PolicyCommand& policy_diff();
const PolicyCommand& policy_add_preset();
const PolicyCommand& policy_remove_preset();
const PolicyCommand& policy_schema();
const PolicyCommand& policy_set();
const PolicyCommand& policy_get();
const PolicyCommand& policy_history();
const PolicyCommand& policy_rollback();

// Reads the command line, answers --help, says what is wrong; else runs. Returns the exit code.
int run_policy(const PolicyCommand& command, const std::vector<std::string>& args);

// "nemoclawctl policy check: message" on stderr; returns kExitUsage.
int policy_usage_error(const char* command, const std::string& message);

}  // namespace nemoclaw::ctl
