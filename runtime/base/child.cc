#include "runtime/base/child.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "runtime/base/defer.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw {

namespace {

struct Pipe {
  Fd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int raw[2];
  if (pipe2(raw, O_CLOEXEC) != 0) return errno_error("pipe");
  return Pipe{Fd(raw[0]), Fd(raw[1])};
}

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(const ChildRequest& request, FdRef in, FdRef out, FdRef err, FdRef failure) {
  setpgid(0, 0);  // a group of its own: a timeout kills what the program started, too
  const int sources[3] = {in.raw(), out.raw(), err.raw()};
  bool ok = true;
  // The pipe ends are all above 2 or already in place: dup onto high numbers first, so no dup2 hits a later
  // source.
  int high[3];
  for (int i = 0; i < 3; ++i) ok = ok && (high[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, 10)) >= 0;
  for (int i = 0; i < 3; ++i) ok = ok && dup2(high[i], i) >= 0;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (!request.directory.empty() && chdir(request.directory.c_str()) != 0) errno = 0;
  if (ok && sys::mark_cloexec_from(3)) {
    const std::vector<char*> argv = pointers(request.args), envp = pointers(request.env);
    execve(request.path.c_str(), argv.data(), envp.data());
  }
  const int cause = errno;
  // Exit code 127 says the same when the report cannot be written.
  if (write(failure.raw(), &cause, sizeof cause) < 0) _exit(127);
  _exit(127);
}

void drain(Fd& fd, short events, std::string& text, size_t bytes_max) {
  if (events == 0 || !fd.valid()) return;
  char buffer[4096];
  const ssize_t got = read(fd.raw(), buffer, sizeof buffer);
  if (got > 0)
    text.append(buffer, std::min(static_cast<size_t>(got), bytes_max - text.size()));
  else if (got == 0 || (errno != EINTR && errno != EAGAIN))
    fd.reset();
}

// Without a pidfd: seccomp filters that a hook runs under may be older than pidfd_open(2).
constexpr int look_again_ms = 10;
bool has_ended(pid_t pid) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

// Moves bytes until the program has ended or time is up; true when the limit was hit. What a background
// process of the program still holds open is not waited for: a hook that starts a daemon is done when the
// hook itself is.
Result<bool> pump(const ChildRequest& request, pid_t pid, FdRef ended, Fd in, Fd out, Fd err, ChildOutcome& outcome) {
  const int64_t deadline = request.timeout_ms ? now_ms() + *request.timeout_ms : 0;
  size_t written = 0;
  bool gone = false;
  if (request.stdin_text.empty()) in.reset();
  for (;;) {
    int wait = gone ? 0 : -1;
    if (request.timeout_ms && !gone) {
      wait = static_cast<int>(std::max<int64_t>(0, deadline - now_ms()));
      if (wait == 0) return true;
    }
    if (!ended.valid() && !gone) wait = wait < 0 ? look_again_ms : std::min(wait, look_again_ms);
    pollfd watched[4] = {{in.raw(), POLLOUT, 0},
                         {out.raw(), POLLIN, 0},
                         {err.raw(), POLLIN, 0},
                         {gone ? -1 : ended.raw(), POLLIN, 0}};
    const int ready = poll(watched, 4, wait);
    if (ready < 0 && errno != EINTR) return errno_error("poll");
    if (gone && ready <= 0) return false;  // ended, and everything it wrote has been read
    if (watched[0].revents != 0) {
      const ssize_t put =
          write(in.raw(), request.stdin_text.data() + written, request.stdin_text.size() - written);
      if (put > 0) written += static_cast<size_t>(put);
      // A program that does not read its stdin is no error (EPIPE).
      if ((put < 0 && errno != EAGAIN && errno != EINTR) || written == request.stdin_text.size()) in.reset();
    }
    drain(out, watched[1].revents, outcome.stdout_text, request.output_bytes_max);
    drain(err, watched[2].revents, outcome.stderr_text, request.output_bytes_max);
    if (watched[3].revents != 0 || (!ended.valid() && !gone && has_ended(pid))) {
      gone = true;
      in.reset();
    }
  }
}

}  // namespace

Result<ChildOutcome> run_child(const ChildRequest& request) {
  Pipe in = TRY(make_pipe());
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  Pipe failure = TRY(make_pipe());
  if (fcntl(in.write_end.raw(), F_SETFL, O_NONBLOCK) != 0) return errno_error("fcntl");
  const auto previous = signal(SIGPIPE, SIG_IGN);  // the program may end without reading its stdin
  Defer restore([&] { signal(SIGPIPE, previous); });
  const pid_t pid = fork();
  if (pid < 0) return errno_error("fork");
  if (pid == 0) become(request, in.read_end, out.write_end, err.write_end, failure.write_end);
  setpgid(pid, pid);  // also here: whoever comes first, the group exists before it can be killed
  Result<Fd> ended = sys::pidfd_open(pid);
  in.read_end.reset();
  out.write_end.reset();
  err.write_end.reset();
  failure.write_end.reset();
  int cause = 0;
  const bool failed = read(failure.read_end.raw(), &cause, sizeof cause) == sizeof cause;
  ChildOutcome outcome;
  Result<bool> timed_out = false;
  if (!failed)
    timed_out = pump(request, pid, ended ? FdRef(*ended) : FdRef(), std::move(in.write_end), std::move(out.read_end),
                     std::move(err.read_end), outcome);
  if (!timed_out || *timed_out) kill(-pid, SIGKILL);
  outcome.wait_status = TRY(sys::wait_process(pid));
  if (failed) return errno_error("exec", cause);
  outcome.timed_out = TRY(std::move(timed_out));
  return outcome;
}

}  // namespace nemoclaw
