#include "proxy/holder/holder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "proxy/holder/record.h"
#include "proxy/holder/upgrade.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::holder {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kStable =
    std::chrono::seconds(30);  // a worker that lived this long starts the count of crashes anew
constexpr auto kReadyWait = std::chrono::seconds(10);
constexpr auto kStopWait = milliseconds(1800);  // the hook waits a little longer
constexpr size_t kDrainingMax = 4;

class Holder {
 public:
  Holder(Options options, Sockets sockets, Fd record, Fd signals)
      : options_(std::move(options)),
        sockets_(std::move(sockets)),
        record_(std::move(record)),
        signals_(std::move(signals)),
        ready_(options_.ready_fd) {}

  Result<void> run();

 private:
  void begin();
  Result<void> start(Worker& worker, bool beside_another);
  void hear(Worker& worker);
  void became_ready(Worker& worker);
  void take_signals();
  void reap();
  void ended(pid_t pid, int status);
  void crashed(const std::string& how);
  void upgrade();
  void upgrade_failed(const std::string& why);
  void stop();
  void end_in(const Worker& worker, int signal) const;
  void on_time();
  int wait_ms() const;
  bool anybody() const { return current_.pid != 0 || next_.pid != 0 || !draining_.empty(); }
  void write_state(const char* state);

  Options options_;
  Sockets sockets_;
  Fd record_, signals_;
  Fd ready_;  // until the first worker is ready
  Worker current_, next_;
  std::vector<Worker> draining_;
  Record shown_;
  unsigned crashes_ = 0;    // in a row
  std::string unsaid_end_;  // of a worker, until the next one can put it into the audit
  std::optional<Clock::time_point> restart_at_, stop_until_;
  std::optional<Error> failure_;  // of the first start
};

void Holder::write_state(const char* state) {
  shown_.state = state;
  shown_.worker = current_.pid;
  shown_.restarts = options_.restarts;
  shown_.draining = draining_.size();
  write_record(record_, shown_);
}

void Holder::end_in(const Worker& worker, int signal) const {
  if (worker.pid > 0) kill(worker.pid, signal);
}

Result<void> Holder::start(Worker& worker, bool beside_another) {
  WorkerPlan plan;
  plan.program = options_.program + "-worker";
  plan.sandbox_directory = options_.sandbox_directory;
  plan.config_file = options_.config_file;
  plan.restarts = options_.restarts;
  plan.last_end = unsaid_end_;
  plan.beside_another = beside_another;
  worker = TRY(start_worker(plan, sockets_));
  return {};
}

void Holder::begin() {
  shown_.upgrades = options_.upgrades;
  const bool replaces = options_.resumed && options_.worker > 0;
  if (replaces) {
    current_.pid = options_.worker;
    current_.pipe = Fd(options_.worker_pipe);
    current_.ready = true;
    current_.started = Clock::now();
  }
  for (const pid_t older : options_.draining) draining_.emplace_back().pid = older;
  Worker& first = replaces ? next_ : current_;
  const Result<void> started = start(first, replaces);
  if (!started && replaces) return upgrade_failed(started.error().message);
  if (!started) failure_ = started.error();
  write_state(replaces ? "running" : "starting");
}

// One byte at a time: a worker has little to say.
void Holder::hear(Worker& worker) {
  char word = 0;
  const ssize_t got = read(worker.pipe.raw(), &word, 1);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return worker.pipe.reset();  // how it ended is told by wait(2)
  if (word == 'R' && !worker.ready) return became_ready(worker);
  if (word == 'U' && &worker == &current_ && next_.pid == 0 && !stop_until_) return upgrade();
  if (word == 'S' && &worker == &current_) return stop();
  if (word == 'D' && &worker == &current_)
    for (const Worker& older : draining_) end_in(older, SIGTERM);
  if (word != 'E' || worker.ready) return;
  worker.failed = true;
  char text[2048];
  const ssize_t length = read(worker.pipe.raw(), text, sizeof text);
  const std::string reason(text, length > 0 ? static_cast<size_t>(length) : 0);
  log::error("the worker is not ready: " + quoted(reason, sizeof text));
  if (&worker == &next_) shown_.upgrade = "failed: " + reason;
  if (&worker == &current_) failure_ = make_error(reason);
}

void Holder::became_ready(Worker& worker) {
  worker.ready = true;
  if (&worker == &next_) {
    if (current_.pid != 0) {
      end_in(current_, SIGUSR1);
      if (draining_.size() == kDrainingMax) end_in(draining_.front(), SIGTERM);
      draining_.push_back(std::move(current_));
    }
    current_ = std::move(next_);
    next_ = Worker();
    shown_.upgrade = "done";
    ++shown_.upgrades;
  }
  unsaid_end_.clear();
  failure_.reset();
  if (ready_.valid()) {
    if (const Result<void> told = write_all(ready_, "R"); !told)
      log::warning("readiness: " + told.error().message);
    ready_.reset();
  }
  write_state("running");
}

void Holder::crashed(const std::string& how) {
  ++options_.restarts;
  crashes_ = Clock::now() - current_.started > kStable ? 1 : crashes_ + 1;
  shown_.last_end = unsaid_end_ = how;
  current_ = Worker();
  const milliseconds delay = restart_delay(crashes_);
  log::error("the worker ended (" + how +
             format("); the next one starts in %lld ms", static_cast<long long>(delay.count())));
  // An upgrade that is under way brings the next worker.
  if (next_.pid == 0) restart_at_ = Clock::now() + delay;
  write_state("waiting");
}

void Holder::upgrade_failed(const std::string& why) {
  shown_.upgrade = "failed: " + why;
  ++shown_.upgrades;
  log::error("upgrade: " + why + "; the old worker goes on");
  next_ = Worker();
  if (draining_.empty()) end_in(current_, SIGUSR2);
  if (current_.pid == 0) restart_at_ = Clock::now();
  write_state(current_.pid != 0 ? "running" : "waiting");
}

void Holder::ended(pid_t pid, int status) {
  const std::string how = sys::describe_wait_status(status);
  if (pid == next_.pid) {
    hear(next_);
    const std::string said = next_.failed ? shown_.upgrade.substr(8) : "the new worker ended: " + how;
    return upgrade_failed(said);
  }
  if (pid == current_.pid) {
    while (current_.pipe.valid() && !current_.failed && !current_.ready) hear(current_);
    if (ready_.valid() && !current_.ready) {  // the first one: the hook undoes everything
      if (!failure_) failure_ = make_error("the worker ended before it was ready: " + how);
      current_ = Worker();
      return;
    }
    if (!stop_until_) return crashed(how);
    current_ = Worker();
    return;
  }
  std::erase_if(draining_, [pid](const Worker& worker) { return worker.pid == pid; });
  if (draining_.empty() && next_.pid == 0) end_in(current_, SIGUSR2);
  write_state(shown_.state.c_str());
}

void Holder::reap() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) ended(pid, status);
}

void Holder::stop() {
  if (stop_until_) return;
  stop_until_ = Clock::now() + kStopWait;
  restart_at_.reset();
  end_in(current_, SIGTERM);
  end_in(next_, SIGKILL);
  for (const Worker& worker : draining_) end_in(worker, SIGTERM);
  write_state("stopping");
}

void Holder::take_signals() {
  signalfd_siginfo info;
  while (read(signals_.raw(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGCHLD)
      reap();
    else
      stop();
  }
}

void Holder::upgrade() {
  options_.worker = current_.pid;
  options_.worker_pipe = current_.pipe.raw();
  options_.draining.clear();
  for (const Worker& older : draining_) options_.draining.push_back(older.pid);
  options_.upgrades = shown_.upgrades;
  const Error error = execute_again(options_, sockets_, record_);
  upgrade_failed(error.message);
}

void Holder::on_time() {
  const auto now = Clock::now();
  if (stop_until_ && now >= *stop_until_) {
    end_in(current_, SIGKILL);
    for (const Worker& worker : draining_) end_in(worker, SIGKILL);
    stop_until_ = now + milliseconds(200);
  }
  for (Worker* worker : {&current_, &next_})
    if (worker->pid != 0 && !worker->ready && now - worker->started > kReadyWait) end_in(*worker, SIGKILL);
  if (!restart_at_ || now < *restart_at_) return;
  restart_at_.reset();
  if (const Result<void> started = start(current_, !draining_.empty()); !started)
    return crashed(started.error().message);
  write_state("starting");
}

// Until something has to be done without being told; -1: never. An idle holder sleeps.
int Holder::wait_ms() const {
  std::optional<Clock::time_point> due = restart_at_;
  const auto sooner = [&due](Clock::time_point time) { due = due ? std::min(*due, time) : time; };
  if (stop_until_) sooner(*stop_until_);
  for (const Worker* worker : {&current_, &next_})
    if (worker->pid != 0 && !worker->ready) sooner(worker->started + kReadyWait + milliseconds(1));
  if (!due) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*due - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

Result<void> Holder::run() {
  begin();
  while ((anybody() || !stop_until_) && !(failure_ && ready_.valid() && current_.pid == 0)) {
    pollfd waiting[3] = {{signals_.raw(), POLLIN, 0},
                         {current_.pipe.valid() ? current_.pipe.raw() : -1, POLLIN, 0},
                         {next_.pipe.valid() ? next_.pipe.raw() : -1, POLLIN, 0}};
    if (poll(waiting, 3, wait_ms()) < 0 && errno != EINTR) return errno_error("poll");
    // What a worker said counts before the news of its end.
    if (waiting[2].revents != 0) hear(next_);
    if (waiting[1].revents != 0) hear(current_);
    if (waiting[0].revents != 0) take_signals();
    on_time();
  }
  if (!failure_ || !ready_.valid()) return {};
  ready_.release();  // the caller says why
  return *failure_;
}

Result<Fd> block_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&taken, number);
  if (sigprocmask(SIG_BLOCK, &taken, nullptr) != 0) return errno_error("block signals");
  Fd signals(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return errno_error("signalfd");
  return signals;
}

}  // namespace

void report_failure(int ready_fd, const Error& error) {
  if (ready_fd < 0) return;
  const Fd fd(ready_fd);
  (void)write_all(fd, "E" + error.message);
}

Result<void> run_holder(Options options) {
  Fd signals = TRY(block_signals());
  if (options.ready_fd >= 0) TRY(set_cloexec(FdRef(options.ready_fd), true));
  Sockets sockets = std::move(options.sockets);
  Fd record;
  if (options.resumed) {
    // The holder that this one was is confined already; what an execve gives back is given up again.
    TRY_CONTEXT(confine::confine_resumed_holder(), "confine the proxy");
    for (Socket& socket : sockets) TRY(set_cloexec(socket.fd, true));
    const auto found =
        std::find_if(sockets.begin(), sockets.end(), [](const Socket& s) { return s.name == "record"; });
    if (found != sockets.end()) {
      record = std::move(found->fd);
      sockets.erase(found);
    }
    if (options.worker_pipe >= 0) TRY(set_cloexec(FdRef(options.worker_pipe), true));
  } else {
    SocketsPlan plan{options.sandbox_directory, options.audit_file, Fd(options.host_net_fd), options.user.uid,
                     options.user.gid};
    std::string warning;
    sockets = TRY(open_sockets(std::move(plan), warning));
    if (!warning.empty()) log::warning(warning);
    // The hook names the number in any case; nothing is open there if the kernel does not note who connects.
    if (options.look_fd >= 0 && fcntl(options.look_fd, F_SETFD, FD_CLOEXEC) == 0)
      sockets.push_back({"look", Fd(options.look_fd)});
    record = TRY(open_record(options.sandbox_directory));
    TRY_CONTEXT(confine::confine_holder(options.user), "confine the proxy");
  }
  return Holder(std::move(options), std::move(sockets), std::move(record), std::move(signals)).run();
}

}  // namespace nemoclaw::holder
