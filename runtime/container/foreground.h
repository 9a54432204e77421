// Staying in front of a process: signals go to it, its terminal is proxied, its exit code becomes ours.
#pragma once

#include <sys/types.h>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/container/notify_socket.h"

namespace nemoclaw::container {

// Before the launch: orphans of the container's making come to us, and so does an exec'ed process whose
// parent was only a step on the way into the PID namespace.
Result<void> become_subreaper();

// Returns the exit code (128 + signal when killed). `master` is the process's terminal, invalid without one;
// `notify` is forwarded meanwhile.
// Blocks all signals of the calling process for good: what arrives is forwarded.
Result<int> stay_in_foreground(pid_t pid, FdRef pidfd, Fd master, NotifySocket* notify = nullptr);

}  // namespace nemoclaw::container
