// Two hooks must not work on one network namespace at a time: one takes the fence down that the other has
// just found. All sandboxes of a node share one lock, the run directory itself.
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

enum class RunLock : int { Shared, Exclusive };

// Held while a fence is put up (shared) or taken down (exclusive), until the descriptor is closed. An error
// after five seconds.
Result<Fd> lock_run_directory(const std::string& sandbox_directory, RunLock kind);

}  // namespace nemoclaw::hooks
