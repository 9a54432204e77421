// --help and --version texts.
#pragma once

#include <string>

#include "runtime/cli/verb.h"

namespace nemoclaw::cli {

constexpr char kProgram[] = "nemoclaw-runtime";
constexpr char kSpecVersion[] = "1.3.0";

std::span<const Option> global_options();

std::string program_help();
std::string verb_help(const Verb& verb);
// Four lines as runc's; dockerd takes the version from the first and the commit from the second.
std::string version_text();

}  // namespace nemoclaw::cli
