// One process, named by a pidfd so that a reused pid is never signalled.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::container {

// The process with this pid and start time; ESRCH if it is gone (or the pid is another's by now).
Result<Fd> open_process_pidfd(pid_t pid, uint64_t start_time);

// ESRCH: "os: process already finished", the text by which managers know it.
Result<void> send_signal(FdRef pidfd, int signal);

// Waits until the process has ended, at most `timeout_ms`; false on timeout. Works for processes that are not
// children.
Result<bool> wait_for_exit(FdRef pidfd, int timeout_ms);

// SIGKILL, and the zombie collected if it is a child of ours. Best effort.
void kill_and_reap(pid_t pid, FdRef pidfd);

// wait(2) status -> exit code as a shell gives it: the code, or 128 + signal.
int exit_code_of(int wait_status);

}  // namespace nemoclaw::container
