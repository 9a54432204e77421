// The runtime as a program: globals, verb, exit code.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/cli/verb.h"

namespace nemoclaw::cli {

// What the globals are decoded from besides the options; a value, for tests.
struct Surroundings {
  std::string working_directory;
  std::string xdg_runtime_dir;  // empty: not set
  bool is_root = true;
};

Result<Globals> decode_globals(const Arguments& arguments, const Surroundings& surroundings);

// 3: no such verb. 255: exec could not start its process. 1: everything else that is our error.
int exit_code_for_error(std::string_view verb, bool usage_error);

int run_program(std::span<const std::string_view> words);

}  // namespace nemoclaw::cli
