#include "proxy/serve/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "proxy/confine/privileges.h"
#include "proxy/serve/operations.h"
#include "proxy/serve/services.h"
#include "proxy/serve/settle.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kStopTime = std::chrono::milliseconds(1500);  // the container is gone or going
constexpr auto kDrainTime = std::chrono::minutes(10);        // of connections whose worker was replaced

// Takes no new connections and ends the loop when the last of those in flight has ended, or the time is over.
net::Task<void> drain(Worker& worker, std::chrono::milliseconds time) {
  for (const std::function<void()>& close : worker.closers) close();
  const auto deadline = std::chrono::steady_clock::now() + time;
  asio::steady_timer timer(worker.loop);
  auto pause = std::chrono::milliseconds(1);  // for the answer to the operation that asked for it
  do {
    timer.expires_after(pause);
    co_await timer.async_wait(net::kTuple);
    pause = std::min(pause * 2, std::chrono::milliseconds(100));
  } while (worker.context.counters.connections > 0 && std::chrono::steady_clock::now() < deadline);
  worker.loop.stop();
}

class Signals {
 public:
  explicit Signals(Worker& worker) : worker_(worker), set_(worker.loop, SIGTERM, SIGINT, SIGUSR1) {
    set_.add(SIGUSR2);
    wait();
  }
  void stop(std::chrono::milliseconds time) {
    if (time >= until_) return;
    until_ = time;
    net::start(worker_.loop.get_executor(), drain(worker_, time));
  }

 private:
  void wait() {
    set_.async_wait([this](const asio::error_code& code, int number) {
      if (code) return;
      if (number == SIGUSR2) {
        worker_.context.log.share(false);  // no other worker writes the audit any more
        worker_.upgrade_asked = false;     // if it was: it has failed
      } else
        stop(number == SIGUSR1 ? std::chrono::milliseconds(kDrainTime) : kStopTime);
      wait();
    });
  }
  Worker& worker_;
  asio::signal_set set_;
  std::chrono::milliseconds until_ = std::chrono::milliseconds::max();
};

// What happened before this worker: it belongs into the audit, and only this one can write it.
void note_the_past(Worker& worker) {
  audit::Log& log = worker.context.log;
  std::vector<audit::Notice> notices;
  if (log.repair()) notices.push_back(*log.repair());
  if (!worker.sandbox.last_end.empty()) {
    audit::Notice crash;
    crash.severity = 4;
    crash.title = "proxy worker ended";
    crash.message =
        "the process that serves the sandbox ended and was started again; open connections were cut";
    crash.details = {{"cause", worker.sandbox.last_end},
                     {"restarts", std::to_string(worker.sandbox.restarts)}};
    notices.push_back(std::move(crash));
  }
  for (const audit::Notice& notice : notices)
    if (const Result<void> written = log.append(notice); !written)
      log::error(notice.title + ": " + written.error().message);
}

// Confined, as it will be asked.
void use_connects(enforce::Context& context, Fd look) {
  if (!look.valid()) return;
  Result<peer::Connects> connects = peer::Connects::create(std::move(look));
  if (connects)
    context.identifier.use_connects(std::move(*connects));
  else
    log::warning("callers are found by searching the container's processes: " + connects.error().message);
}

Result<Inheritance> take_inheritance(const Options& options) {
  Inheritance inherited;
  TRY(set_cloexec(FdRef(options.holder_fd), true));
  for (const Options::Inherited& each : options.sockets) {
    Fd fd(each.fd);
    TRY_CONTEXT(set_cloexec(fd, true), "--socket " + each.name);
    if (each.name == "audit")
      inherited.audit = std::move(fd);
    else if (each.name == "state")
      inherited.state = std::move(fd);
    else if (each.name == "look")
      inherited.look = std::move(fd);
    else if (each.name == "trust")
      inherited.trust_files.push_back(std::move(fd));
    else
      inherited.sockets.emplace_back(each.name, std::move(fd));
  }
  if (!inherited.audit.valid() || !inherited.state.valid())
    return make_error("--socket audit=FD and state=FD are missing");
  return inherited;
}

}  // namespace

void tell_holder(int holder_fd, std::string_view words) {
  if (holder_fd < 0) return;
  const Result<void> written = write_all(FdRef(holder_fd), words);
  if (!written) log::warning("the holder does not listen: " + written.error().message);
}

Result<void> run_worker(const Options& options) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (const int number : {SIGPIPE, SIGHUP}) signal(number, SIG_IGN);
  Inheritance inherited = TRY(take_inheritance(options));
  asio::io_context loop(1);  // before confinement: its descriptors and timers stay
  Sandbox sandbox = TRY(set_up_sandbox(options, std::move(inherited.audit), std::move(inherited.state),
                                       std::move(inherited.trust_files)));
  Worker worker(loop, sandbox);
  Signals signals(worker);
  TRY_CONTEXT(confine::confine_worker(), "confine the proxy");

  worker.stop = [&options] { tell_holder(options.holder_fd, "S"); };
  worker.end_older = [&options] { tell_holder(options.holder_fd, "D"); };
  worker.upgrade = [&options, &worker] {
    worker.upgrade_asked = true;
    worker.context.log.share(true);  // the next worker writes beside this one
    tell_holder(options.holder_fd, "U");
  };
  if (sandbox.start) TRY_CONTEXT(start_resolving(worker, *sandbox.start), "take over the resolver");
  use_connects(*sandbox.context, std::move(inherited.look));
  note_the_past(worker);
  // Once: what the sandbox is told at its start is remembered from worker to worker.
  if (!sandbox.start && sandbox.restarts == 0)
    TRY_CONTEXT(note_missing_protections(sandbox, sandbox.directory, sandbox.context->main()->subject), "audit");
  for (const StartInput& each : sandbox.joined_starts)
    if (sandbox.context->find_container(each.container))  // else it has left meanwhile
      TRY_CONTEXT(start_resolving(worker, each), "take over the resolver of " + each.container);
  for (auto& [name, fd] : inherited.sockets)
    if (!start_service(worker, name, std::move(fd)))
      log::warning("no service for the socket " + quoted(name, 40));
  tell_holder(options.holder_fd, "R");
  give_back_memory();
  loop.run();
  worker.bypass.flush();
  // Coroutines that are still suspended refer to what stands above: they must not be unwound after it. The
  // kernel takes back the rest.
  _exit(0);
}

}  // namespace nemoclaw::serve
