// Runs a program to its end: text on stdin, an exact environment, a time limit for it and everything it
// started.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw {

struct ChildRequest {
  std::string path;               // executed as it is; no PATH look-up
  std::vector<std::string> args;  // argv, including argv[0]
  std::vector<std::string> env;   // the whole environment
  std::string stdin_text;
  std::string directory;  // where it starts; empty, or when it cannot be entered: the caller's
  std::optional<int> timeout_ms;
  size_t output_bytes_max = 64 * 1024;  // per stream; more is read and dropped
};

struct ChildOutcome {
  int wait_status = 0;     // waitpid(2)
  bool timed_out = false;  // its process group was killed
  std::string stdout_text, stderr_text;
  bool succeeded() const { return !timed_out && wait_status == 0; }
};

// An error only when the program could not be run at all ("exec: No such file or directory").
Result<ChildOutcome> run_child(const ChildRequest& request);

}  // namespace nemoclaw
