#include "hooks/launch_proxy.h"

#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hooks/proxy_cgroup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::hooks {
namespace {

constexpr int kReadyFd = 3;
constexpr int kHostNetFd = 4;
constexpr int kLookFd = 5;
constexpr int kReadyWaitMs = 10'000;
constexpr int kReasonWaitMs = 200;
constexpr int kStopWaitMs = 2'500;

// What the child needs, made before fork: after it, only system calls.
struct Child {
  std::vector<std::string> arguments, procs_files;
  std::vector<char*> argv;
  Fd null;
};

Result<Child> prepare(const LaunchPlan& plan) {
  Child child;
  child.arguments = proxy_arguments(plan);
  for (std::string& each : child.arguments) child.argv.push_back(each.data());
  child.argv.push_back(nullptr);
  for (const std::string& directory : plan.cgroups) {
    // v1: the one thread that there is moves itself by `tasks`; for cgroup.procs the kernel waits for an RCU grace
    // period, 5 to 15 ms. v2 has no such file, and one hierarchy.
    const std::string tasks = directory + "/tasks";
    child.procs_files.push_back(file_exists(tasks) ? tasks : directory + "/cgroup.procs");
  }
  child.null = TRY(open_file("/dev/null", O_RDWR));
  return child;
}

// One byte, and with it the program that says who connected, if there is one.
struct GoMessage {
  char word = 'g';
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part = {&word, 1};
  msghdr header = {};
  GoMessage() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

Result<void> say_go(FdRef to, FdRef look) {
  GoMessage message;
  if (look.valid()) {
    cmsghdr* header = CMSG_FIRSTHDR(&message.header);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int raw = look.raw();
    memcpy(CMSG_DATA(header), &raw, sizeof raw);
  } else {
    message.header.msg_controllen = 0;
  }
  if (sendmsg(to.raw(), &message.header, MSG_NOSIGNAL) != 1) return errno_error("let the proxy go");
  return {};
}

bool wait_for_word(int from, int& look) {
  GoMessage message;
  if (recvmsg(from, &message.header, MSG_CMSG_CLOEXEC) != 1) return false;
  const cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&look, CMSG_DATA(header), sizeof look);
  return true;
}

[[noreturn]] void become_proxy(const Child& child, int log, int ready, int host_net, int go) {
  // A session of its own: no terminal, no signal that is meant for the runtime's process group.
  setsid();
  static constexpr char kWarning[] = "the proxy could not join its cgroup, its memory is not bounded\n";
  if (!join_cgroups(child.procs_files)) (void)!write(log, kWarning, sizeof kWarning - 1);
  int look = -1;
  if (!wait_for_word(go, look)) _exit(0);  // the hook has given up
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) signal(number, SIG_DFL);
  umask(022);
  (void)!chdir("/");
  // The ready pipe goes to its number first: with the standard streams closed it could sit on one of 0..2.
  const int kept_ready = fcntl(ready, F_DUPFD_CLOEXEC, 10), kept_log = fcntl(log, F_DUPFD_CLOEXEC, 10);
  const int kept_null = fcntl(child.null.raw(), F_DUPFD_CLOEXEC, 10);
  const int kept_net = fcntl(host_net, F_DUPFD_CLOEXEC, 10);
  const int kept_look = look >= 0 ? fcntl(look, F_DUPFD_CLOEXEC, 10) : -1;
  const bool placed = dup2(kept_null, 0) == 0 && dup2(kept_log, 1) == 1 && dup2(kept_log, 2) == 2 &&
                      dup2(kept_ready, kReadyFd) == kReadyFd && dup2(kept_net, kHostNetFd) == kHostNetFd &&
                      (look < 0 || dup2(kept_look, kLookFd) == kLookFd);
  syscall(SYS_close_range, (look < 0 ? kHostNetFd : kLookFd) + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  if (placed) execve(child.argv[0], child.argv.data(), environment);
  static constexpr char kText[] = "E";
  const char* reason = strerror(errno);
  (void)!write(kReadyFd, kText, 1);
  (void)!write(kReadyFd, reason, strlen(reason));
  _exit(127);
}

// The text after 'E', until the proxy closes the pipe or falls silent; always one printable line.
std::string read_reason(FdRef ready) {
  std::string reason;
  char bytes[512];
  pollfd waiting{ready.raw(), POLLIN, 0};
  while (reason.size() < 2048 && poll(&waiting, 1, kReasonWaitMs) > 0) {
    const ssize_t length = read(ready.raw(), bytes, sizeof bytes);
    if (length <= 0) break;
    reason.append(bytes, static_cast<size_t>(length));
  }
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  const std::string safe = quoted(reason, 2048);
  return safe.substr(1, safe.size() - 2);
}

// What the proxy said: 'R', or 'E' and a text, or nothing because it died.
Result<void> wait_until_ready(FdRef ready, bool& ended) {
  pollfd waiting{ready.raw(), POLLIN, 0};
  int count = 0;
  while ((count = poll(&waiting, 1, kReadyWaitMs)) < 0 && errno == EINTR) {
  }
  if (count <= 0) return make_error("it was not ready after 10 seconds");
  char first = 0;
  const ssize_t length = read(ready.raw(), &first, 1);
  if (length == 1 && first == 'R') return {};
  if (length == 1 && first == 'E') {
    const std::string reason = read_reason(ready);
    return make_error(reason.empty() ? "it failed without a reason" : reason);
  }
  ended = true;
  return make_error("it ended before it was ready");
}

// How a process ended that has closed its end of the pipe; "" if it has not ended, and then it is still ours
// to kill.
std::string death_of(pid_t pid) {
  int status = 0;
  for (int tries = 0; tries < 100; ++tries) {
    if (waitpid(pid, &status, WNOHANG) == pid)
      return WIFSIGNALED(status) ? format(" (signal %d)", WTERMSIG(status))
                                 : format(" (exit code %d)", WEXITSTATUS(status));
    poll(nullptr, 0, 2);
  }
  return "";
}

// Ends a proxy that did not become ready, and completes the error with how it died.
Error abandon(pid_t pid, Error failure, bool ended) {
  const std::string death = ended ? death_of(pid) : "";
  failure.message += death;
  if (!death.empty()) return failure;  // reaped: the pid may belong to another process by now
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return failure;
}

}  // namespace

std::vector<std::string> proxy_arguments(const LaunchPlan& plan) {
  std::vector<std::string> arguments = {plan.program,
                                        "--sandbox-dir",
                                        plan.sandbox_directory,
                                        "--audit-file",
                                        plan.audit_file,
                                        "--user",
                                        std::to_string(plan.user.uid) + ":" + std::to_string(plan.user.gid),
                                        "--ready-fd",
                                        std::to_string(kReadyFd),
                                        "--host-net-fd",
                                        std::to_string(kHostNetFd),
                                        "--look-fd",
                                        std::to_string(kLookFd)};
  if (!plan.config_file.empty()) arguments.insert(arguments.end(), {"--config", plan.config_file});
  return arguments;
}

Result<Fd> open_hook_log(const std::string& sandbox_directory) {
  return open_file(sandbox_directory + "/hook.log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
}

void log_line(FdRef log, const std::string& message) {
  (void)write_all(log, log::now_rfc3339() + " hook: " + message + "\n");
}

Result<ProxyLaunch> ProxyLaunch::begin(const LaunchPlan& plan, FdRef host_net, FdRef log) {
  int ready_ends[2], go_ends[2];
  if (pipe2(ready_ends, O_CLOEXEC) != 0) return errno_error("pipe");
  Fd ready(ready_ends[0]), ready_writer(ready_ends[1]);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go_ends) != 0) return errno_error("socketpair");
  Fd go_reader(go_ends[0]), go(go_ends[1]);
  const Child child = TRY(prepare(plan));
  const pid_t pid = fork();
  if (pid < 0) return errno_error("fork the proxy");
  if (pid == 0) {
    close(go.raw());  // else the child would keep its own wait open when the hook dies
    become_proxy(child, log.raw(), ready_writer.raw(), host_net.raw(), go_reader.raw());
  }
  return ProxyLaunch(plan, pid, std::move(go), std::move(ready));
}

ProxyLaunch::ProxyLaunch(ProxyLaunch&& other) noexcept
    : plan_(std::move(other.plan_)),
      pid_(std::exchange(other.pid_, 0)),
      go_(std::move(other.go_)),
      ready_(std::move(other.ready_)) {}

ProxyLaunch::~ProxyLaunch() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Result<ProxyRecord> ProxyLaunch::record() const {
  const procfs::Stat stat = TRY_CONTEXT(procfs::stat(pid_), "the process of the proxy");
  return ProxyRecord{.pid = pid_, .start_time = stat.start_time, .cgroups = plan_.cgroups};
}

Result<ProxyRecord> ProxyLaunch::finish(FdRef look) {
  Result<ProxyRecord> record = this->record();
  const pid_t pid = std::exchange(pid_, 0);
  bool ended = false;
  Result<void> answer = say_go(go_, look);
  if (answer) answer = wait_until_ready(ready_, ended);
  if (answer && record) return record;
  Error failure = answer ? std::move(record).error() : std::move(answer).error();
  return abandon(pid, std::move(failure), ended).with_context("start " + plan_.program);
}

void stop_proxy(const ProxyRecord& record) {
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, record.pid, 0)));
  // The start time is compared after the descriptor was taken, so that the pid cannot change hands in
  // between.
  if (!process.valid() || !procfs::is_alive(record.pid, record.start_time)) return;
  pollfd waiting{process.raw(), POLLIN, 0};
  syscall(SYS_pidfd_send_signal, process.raw(), SIGTERM, nullptr, 0);
  if (poll(&waiting, 1, kStopWaitMs) > 0) return;
  syscall(SYS_pidfd_send_signal, process.raw(), SIGKILL, nullptr, 0);
  poll(&waiting, 1, kStopWaitMs);
}

}  // namespace nemoclaw::hooks
