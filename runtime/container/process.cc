#include "runtime/container/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/procfs.h"

namespace nemoclaw::container {

namespace {

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Error finished() { return Error{ESRCH, "os: process already finished", 1}; }

}  // namespace

Result<Fd> open_process_pidfd(pid_t pid, uint64_t start_time) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    if (errno == ESRCH || errno == EINVAL) return finished();
    return errno_error(format("pidfd_open %d", pid));
  }
  // Compared after the open: from here on the descriptor names this process and no later one.
  if (!procfs::is_alive(pid, start_time)) return finished();
  return pidfd;
}

Result<void> send_signal(FdRef pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd.raw(), signal, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return finished();
  return errno_error(format("send signal %d", signal));
}

Result<bool> wait_for_exit(FdRef pidfd, int timeout_ms) {
  const int64_t deadline = now_ms() + timeout_ms;
  for (;;) {
    const int64_t left = deadline - now_ms();
    pollfd poll_entry = {pidfd.raw(), POLLIN, 0};
    const int ready = poll(&poll_entry, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return errno_error("wait for the process");
  }
}

void kill_and_reap(pid_t pid, FdRef pidfd) {
  if (!pidfd.valid()) return;
  static_cast<void>(send_signal(pidfd, SIGKILL));
  static_cast<void>(wait_for_exit(pidfd, 10'000));
  waitpid(pid, nullptr, WNOHANG);
}

int exit_code_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

}  // namespace nemoclaw::container
