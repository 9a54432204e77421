#include "proxy/serve/serve.h"

#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>

#include "proxy/net/bypass_log.h"
#include "proxy/net/listener.h"
#include "proxy/net/numbers.h"
#include "proxy/serve/bypass.h"
#include "proxy/serve/client.h"
#include "proxy/serve/operations.h"
#include "proxy/serve/setup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr uint64_t kConnectionsMax = 2048;
constexpr auto kDrainTime = std::chrono::seconds(5);

struct Listeners {
  std::vector<Fd> explicit_proxy, captured;
  Fd control;
  std::optional<Fd> bypass_log;
};

// The control socket belongs to the host's network namespace: /proc/net/unix shows the processes of a network namespace
// the paths of all sockets that were made in it, and the sandbox is not to see its proxy. The namespace's descriptor is
// closed here, before the first byte from the sandbox is read.
Result<Fd> listen_control_outside(const std::string& path, Fd host_net) {
  if (!host_net.valid()) return control::listen_control(path);
  Fd own = TRY(open_file("/proc/self/ns/net", O_RDONLY));
  if (setns(host_net.raw(), CLONE_NEWNET) != 0) return errno_error("enter the host's network namespace");
  Result<Fd> listener = control::listen_control(path);
  if (setns(own.raw(), CLONE_NEWNET) != 0) return errno_error("return to the sandbox's network namespace");
  return listener;
}

Result<Listeners> open_listeners(const Options& options) {
  Listeners listeners;
  std::vector<asio::ip::address> loopback = {asio::ip::address_v4::loopback()};
  if (net::has_ipv6()) loopback.push_back(asio::ip::address_v6::loopback());
  for (const asio::ip::address& address : loopback) {
    listeners.explicit_proxy.push_back(TRY(net::listen_on(address, net::kExplicitPort)));
    listeners.captured.push_back(TRY(net::listen_on(address, net::kCapturedPort)));
  }
  listeners.control = TRY(
      listen_control_outside(options.sandbox_directory + "/control.sock", Fd(options.host_net_fd)));
  Result<Fd> bypass_log = net::open_bypass_log(net::kBypassLogGroup);
  if (bypass_log) listeners.bypass_log = std::move(*bypass_log);
  // The fence rejects such packets all the same; only the audit does not see them.
  else
    log::warning("attempts to bypass the proxy will not be audited: " + bypass_log.error().message);
  return listeners;
}

using Server = net::Task<void> (*)(enforce::Context&, tcp::socket);

net::Task<void> accept_clients(enforce::Context& context, Fd listener, bool v6, Server serve) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, v6 ? tcp::v6() : tcp::v4(), listener.release());
  asio::steady_timer pause(executor);
  for (;;) {
    tcp::socket client(executor);
    const auto [code] = co_await acceptor.async_accept(client, net::kTuple);
    if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) co_return;
    if (code) {  // no descriptors or memory left: wait until connections end, instead of spinning
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(net::kTuple);
      continue;
    }
    if (context.counters.connections >= kConnectionsMax)
      net::reset_connection(client);
    else
      net::start(executor, serve(context, std::move(client)));
  }
}

// Stops accepting by ending the loop; connections in flight get a moment to finish.
net::Task<void> drain(asio::io_context& loop, const enforce::Context& context) {
  const auto deadline = std::chrono::steady_clock::now() + kDrainTime;
  asio::steady_timer timer(loop);
  auto pause = std::chrono::milliseconds(1);  // for the answer to the operation that asked for it
  do {
    timer.expires_after(pause);
    co_await timer.async_wait(net::kTuple);
    pause = std::chrono::milliseconds(20);
  } while (context.counters.connections > 0 && std::chrono::steady_clock::now() < deadline);
  loop.stop();
}

void ignore_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

}  // namespace

void report_ready(int ready_fd, const Error* error) {
  if (ready_fd < 0) return;
  const Fd fd(ready_fd);
  const Result<void> written = write_all(fd, error ? "E" + error->message : std::string("R"));
  if (!written) log::warning("readiness: " + written.error().message);
}

Result<void> run_proxy(const Options& options) {
  ignore_signals();
  clearenv();  // resolver and TLS libraries take options from there
  if (options.ready_fd >= 0) TRY(set_cloexec(FdRef(options.ready_fd), true));
  asio::io_context loop(1);  // before confinement: its descriptors and timers stay
  Sandbox sandbox = TRY(set_up_sandbox(options));
  Listeners listeners = TRY(open_listeners(options));
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  TRY_CONTEXT(confine(sandbox.user), "confine the proxy");

  enforce::Context& context = *sandbox.context;
  BypassAudit bypass(context);
  bool stopping = false;
  const std::function<void()> stop = [&] {
    if (!std::exchange(stopping, true)) net::start(loop.get_executor(), drain(loop, context));
  };
  signals.async_wait([&](const asio::error_code& code, int) {
    if (!code) stop();
  });
  for (size_t i = 0; i < listeners.explicit_proxy.size(); ++i) {
    net::start(loop.get_executor(),
               accept_clients(context, std::move(listeners.explicit_proxy[i]), i == 1, serve_client));
    net::start(loop.get_executor(),
               accept_clients(context, std::move(listeners.captured[i]), i == 1, serve_captured));
  }
  net::start(loop.get_executor(),
             control::serve_control(std::move(listeners.control),
                                    make_operations(sandbox, loop.get_executor(), stop)));
  if (listeners.bypass_log) {
    const asio::any_io_executor executor = loop.get_executor();
    net::start(loop.get_executor(),
               net::read_bypass_log(std::move(*listeners.bypass_log),
                                    [&bypass, executor](const net::RejectedPacket& rejected) {
                                      bypass.report(executor, rejected);
                                    }));
    net::start(loop.get_executor(), bypass.flush_every_second());
  }
  report_ready(options.ready_fd, nullptr);
  loop.run();
  bypass.flush();
  // Coroutines that are still suspended refer to what stands above: they must not be unwound after it. The
  // kernel takes back the rest.
  _exit(0);
}

}  // namespace nemoclaw::serve
