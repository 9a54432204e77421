#include "proxy/holder/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nemoclaw::holder {

namespace {

constexpr auto kFirstDelay = std::chrono::milliseconds(50);
constexpr auto kLongestDelay = std::chrono::milliseconds(10'000);

void pass_on(int fd) { fcntl(fd, F_SETFD, 0); }

[[noreturn]] void become_worker(std::vector<char*>& arguments, const Sockets& sockets, int pipe,
                                pid_t holder) {
  // A worker without a holder would be one that nobody stops: the fence stays, and egress is closed.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != holder) _exit(1);
  for (const Socket& socket : sockets) pass_on(socket.fd.raw());
  pass_on(pipe);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  char* environment[] = {nullptr};
  execve(arguments[0], arguments.data(), environment);
  static constexpr char kText[] = "Ecannot execute the worker: ";
  const char* reason = strerror(errno);
  (void)!write(pipe, kText, sizeof kText - 1);
  (void)!write(pipe, reason, strlen(reason));
  _exit(127);
}

}  // namespace

std::vector<std::string> worker_arguments(const WorkerPlan& plan, const Sockets& sockets, int pipe) {
  std::vector<std::string> words = {plan.program, "--sandbox-dir", plan.sandbox_directory, "--holder-fd",
                                    std::to_string(pipe)};
  if (!plan.config_file.empty()) words.insert(words.end(), {"--config", plan.config_file});
  for (const Socket& socket : sockets)
    words.insert(words.end(), {"--socket", socket.name + "=" + std::to_string(socket.fd.raw())});
  if (plan.restarts > 0) words.insert(words.end(), {"--restarts", std::to_string(plan.restarts)});
  if (!plan.last_end.empty()) words.insert(words.end(), {"--last-end", plan.last_end});
  if (plan.beside_another) words.push_back("--beside-another");
  return words;
}

Result<Worker> start_worker(const WorkerPlan& plan, const Sockets& sockets) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno_error("pipe to the worker");
  Worker worker;
  worker.pipe = Fd(ends[0]);
  const Fd writer(ends[1]);
  worker.started = std::chrono::steady_clock::now();
  std::vector<std::string> words = worker_arguments(plan, sockets, writer.raw());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t holder = getpid();
  worker.pid = fork();
  if (worker.pid < 0) return errno_error("fork the worker");
  if (worker.pid == 0) become_worker(arguments, sockets, writer.raw(), holder);
  return worker;
}

std::chrono::milliseconds restart_delay(unsigned crashes) {
  if (crashes <= 1) return std::chrono::milliseconds(0);  // requests wait in the backlog
  return std::min(kLongestDelay, kFirstDelay * (1U << std::min(crashes - 2, 16U)));
}

}  // namespace nemoclaw::holder
