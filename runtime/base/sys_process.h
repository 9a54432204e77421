// Typed system calls about processes and namespaces, with the kernel's names.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/base/uapi.h"

namespace nemoclaw::sys {

struct Cloned {
  pid_t pid = 0;  // 0 in the child
  Fd pidfd;       // parent only
};

// clone3(2) as a fork: the child gets a copy of memory and of the descriptor table. The caller must be
// single-threaded. `flags` are CLONE_NEW* and CLONE_PARENT; `cgroup` (v2 directory) adds CLONE_INTO_CGROUP
// when valid.
Result<Cloned> clone3(uint64_t flags, FdRef cgroup = {});

Result<Fd> pidfd_open(pid_t pid);
Result<void> setns(FdRef target, int flags);
Result<void> unshare(int flags);

// waitpid(2) on one child, EINTR hidden. The raw wait status.
Result<int> wait_process(pid_t pid);
// "exit status 3", "signal 9 (killed)".
std::string describe_wait_status(int status);

// Where the running program is installed. A program that executed itself again from a file without a path
// (see runtime/init/own_binary.h) finds it in this variable of its environment, which counts only then.
inline constexpr const char* program_path_variable = "NEMOCLAW_PROGRAM_PATH";
Result<std::string> program_path();

// close_range(2) of everything from `first`: marks it close-on-exec.
Result<void> mark_cloexec_from(unsigned first);
// Closes every descriptor from `first` on that is not in `kept`.
Result<void> close_all_except(unsigned first, std::vector<int> kept);

}  // namespace nemoclaw::sys
