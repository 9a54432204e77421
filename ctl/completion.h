// Completion for shells, written from the tables of commands and options.
#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"

namespace nemoclaw::ctl {

// Pure.
std::string bash_completion(const std::vector<Command>& commands);
std::string zsh_completion(const std::vector<Command>& commands);

}  // namespace nemoclaw::ctl
