// The commands of nemoclawctl: one table per group, each in a file of its own. main.cc joins them, prints the
// help from them and suggests the nearest one for a word that none of them knows.
#pragma once

#include <string>
#include <vector>

#include "ctl/options.h"

namespace nemoclaw::ctl {

// Exit codes of every command.
enum ExitCode : int {
  kExitFine = 0,
  kExitNo = 1,     // the answer is no: a policy is invalid, a check failed
  kExitUsage = 2,  // bad use, or a file that cannot be read
};

// What the words behind a command's name are, for completion.
enum class Words : uint8_t { None, Files, PolicyNames, FileAndPresets, FileAndUrl, Sandboxes, Shells };

struct Command {
  const char* group;    // "policy"
  const char* name;     // "check"; empty: the group itself is the command ("doctor")
  const char* summary;  // one line for --help
  // `args` are the words after the name. Returns the exit code. --help is the command's own to answer.
  int (*run)(const std::vector<std::string>& args);
  std::vector<OptionRow> options = {};
  Words words = Words::None;
};

const std::vector<Command>& policy_commands();
const std::vector<Command>& sandbox_commands();
const std::vector<Command>& secret_commands();
const std::vector<Command>& logs_commands();
const std::vector<Command>& metrics_commands();
const std::vector<Command>& doctor_commands();
const std::vector<Command>& completion_commands();

// All of them.
std::vector<Command> all_commands();

}  // namespace nemoclaw::ctl
