#include "runtime/container/foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "runtime/container/process.h"
#include "runtime/container/terminal.h"

namespace nemoclaw::container {

namespace {

Result<Fd> take_signals() {
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_BLOCK, &all, nullptr) != 0) return errno_error("sigprocmask");
  Fd fd(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return errno_error("signalfd");
  return fd;
}

// Collects every child that has ended; the status once `pid` is among them.
std::optional<int> reap(pid_t pid) {
  std::optional<int> found;
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
    if (ended == pid) found = status;
    if (ended <= 0 && !(ended < 0 && errno == EINTR)) return found;
  }
}

void forward_signals(FdRef signals, FdRef pidfd, const TerminalProxy* terminal) {
  signalfd_siginfo info;
  while (read(signals.raw(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH && terminal)
      terminal->resize();
    else if (number != SIGCHLD && number != SIGPIPE && number != SIGURG)
      static_cast<void>(send_signal(pidfd, number));  // ended meanwhile: its SIGCHLD is on the way
  }
}

}  // namespace

Result<void> become_subreaper() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return errno_error("PR_SET_CHILD_SUBREAPER");
  return {};
}

Result<int> stay_in_foreground(pid_t pid, FdRef pidfd, Fd master, NotifySocket* notify) {
  const Fd signals = TRY(take_signals());
  std::optional<TerminalProxy> terminal;
  if (master.valid()) terminal.emplace(TRY(TerminalProxy::create(std::move(master))));
  for (;;) {
    // First, then after every wake-up: it may have ended before the signals were ours.
    if (const std::optional<int> status = reap(pid)) {
      if (terminal) terminal->drain();
      return exit_code_of(*status);
    }
    pollfd entries[5] = {{signals.raw(), POLLIN, 0}, {pidfd.raw(), POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
    if (notify && notify->valid()) entries[4] = {notify->fd().raw(), POLLIN, 0};
    if (terminal) {
      if (terminal->stdin_events()) entries[2] = {0, terminal->stdin_events(), 0};
      if (terminal->master_open()) entries[3] = {terminal->master().raw(), terminal->master_events(), 0};
    }
    if (poll(entries, 5, -1) < 0 && errno != EINTR) return errno_error("poll");
    if (entries[0].revents) forward_signals(signals, pidfd, terminal ? &*terminal : nullptr);
    if (terminal && entries[2].revents) terminal->on_stdin(entries[2].revents);
    if (terminal && entries[3].revents) terminal->on_master(entries[3].revents);
    if (entries[4].revents) notify->forward(pid);
    if (entries[1].revents) {
      int status = 0;
      const pid_t ended = waitpid(pid, &status, __WALL);
      if (ended < 0 && errno == ECHILD)
        return make_error("the process ended, but its exit code went to another parent");
      if (ended == pid) {
        if (terminal) terminal->drain();
        return exit_code_of(status);
      }
    }
  }
}

}  // namespace nemoclaw::container
