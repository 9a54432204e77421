// worker.json in the sandbox directory: how the worker is, also while none answers (docs/sandbox.md).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::holder {

struct Record {
  std::string state;      // starting, running, waiting (to start again), stopping
  pid_t worker = 0;       // 0: none
  uint64_t restarts = 0;  // after a crash
  std::string last_end;   // of the worker that crashed last: "signal 9 (killed)"
  uint64_t draining = 0;  // old workers that finish their connections
  uint64_t upgrades = 0;  // asked for, and done or failed
  std::string upgrade;    // of the last one: done, failed: REASON
};

std::string encode_record(const Record& record);

// Opened as root, written when it cannot be opened any more.
Result<Fd> open_record(const std::string& sandbox_directory);
// Best effort: what is shown is no reason to stop.
void write_record(FdRef file, const Record& record);

}  // namespace nemoclaw::holder
