#include "runtime/base/sys_process.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace nemoclaw::sys {

Result<Cloned> clone3(uint64_t flags, FdRef cgroup) {
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // With CLONE_PARENT the exit signal is the creator's own and must not be given.
  arguments.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
  if (cgroup.valid()) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(cgroup.raw());
  }
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) return errno_error("clone3");
  Cloned cloned;
  cloned.pid = static_cast<pid_t>(pid);
  if (pid > 0) cloned.pidfd = Fd(pidfd);
  return cloned;
}

Result<Fd> pidfd_open(pid_t pid) {
  const long raw = syscall(SYS_pidfd_open, pid, 0);
  if (raw < 0) return errno_error("pidfd_open");
  return Fd(static_cast<int>(raw));
}

Result<void> setns(FdRef target, int flags) {
  if (::setns(target.raw(), flags) != 0) return errno_error("setns");
  return {};
}

Result<void> unshare(int flags) {
  if (::unshare(flags) != 0) return errno_error("unshare");
  return {};
}

Result<int> wait_process(pid_t pid) {
  int status = 0;
  for (;;) {
    if (waitpid(pid, &status, 0) == pid) return status;
    if (errno != EINTR) return errno_error("waitpid");
  }
}

std::string describe_wait_status(int status) {
  if (WIFEXITED(status)) return format("exit status %d", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    std::string name = strsignal(WTERMSIG(status));
    if (!name.empty()) name[0] = static_cast<char>(tolower(static_cast<unsigned char>(name[0])));  // as Go spells it
    return format("signal %d (%s)", WTERMSIG(status), name.c_str());
  }
  return format("wait status %#x", static_cast<unsigned>(status));
}

Result<std::string> program_path() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length < 0) return errno_error("readlink /proc/self/exe");
  const std::string_view found(path, static_cast<size_t>(length));
  // "/" is a detached mount of a file, "/memfd:..." a file in memory.
  const char* told = getenv(program_path_variable);
  if (told && (found == "/" || found.starts_with("/memfd:"))) return std::string(told);
  return std::string(found);
}

Result<void> mark_cloexec_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return errno_error("close_range");
  return {};
}

Result<void> close_all_except(unsigned first, std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  for (const int keep : kept) {
    if (keep < 0 || static_cast<unsigned>(keep) < first) continue;
    const unsigned number = static_cast<unsigned>(keep);
    if (number > first && syscall(SYS_close_range, first, number - 1, 0) != 0)
      return errno_error("close_range");
    first = number + 1;
  }
  if (syscall(SYS_close_range, first, ~0U, 0) != 0) return errno_error("close_range");
  return {};
}

}  // namespace nemoclaw::sys
