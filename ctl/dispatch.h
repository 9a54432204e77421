// From words to a command: the help, the version, and the nearest command for a word that is none.
#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"

namespace nemoclaw::ctl {

// Runs the command that `args` (without the program's name) ask for; returns the exit code.
int dispatch(const std::vector<Command>& commands, const std::vector<std::string>& args);

// Pure parts, for tests.
std::string overview(const std::vector<Command>& commands);
std::string command_name(const Command& command);  // "policy check", "doctor"
// "" or "; did you mean 'policy check'?"
std::string suggestion(const std::vector<Command>& commands, const std::vector<std::string>& args);

}  // namespace nemoclaw::ctl
