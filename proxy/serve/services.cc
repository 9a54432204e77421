#include "proxy/serve/services.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>

#include "proxy/net/bypass_log.h"
#include "proxy/net/listener.h"
#include "proxy/serve/captured.h"
#include "proxy/serve/client.h"
#include "proxy/serve/operations.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr uint64_t kBusyMax = 2048;      // that are still decided about, or inspected: up to 60 KB each
constexpr uint64_t kTunnelsMax = 16384;  // 4 KB each
constexpr uint64_t kOtherDescriptors = 256;

// Whether one more would be too many, for the proxy's memory or for its descriptors (two for each).
bool is_full(const enforce::Counters& counters) {
  static const uint64_t descriptors = [] {
    rlimit files = {};
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
  }();
  return counters.connections - counters.tunnels >= kBusyMax || counters.tunnels >= kTunnelsMax ||
         counters.connections * 2 + kOtherDescriptors >=
             std::max<uint64_t>(descriptors, 2 * kOtherDescriptors);
}

using Server = net::Task<void> (*)(Worker&, tcp::socket);

net::Task<void> accept_clients(Worker& worker, std::shared_ptr<tcp::acceptor> acceptor, Server serve) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor);
  while (acceptor->is_open()) {
    tcp::socket client(executor);
    const auto [code] = co_await acceptor->async_accept(client, net::kTuple);
    if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) co_return;
    if (code) {  // no descriptors or memory left: wait until connections end, instead of spinning
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(net::kTuple);
      continue;
    }
    if (is_full(worker.context.counters)) {
      ++worker.context.meters.connections_shed;
      net::reset_connection(client);
      continue;
    }
    ++worker.context.meters.connections_accepted;
    net::start(executor, serve(worker, std::move(client)));
  }
}

bool is_ipv6(const Fd& fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  return getsockname(fd.raw(), reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
         address.ss_family == AF_INET6;
}

void accept_with(Worker& worker, Fd fd, Server serve) {
  const bool v6 = is_ipv6(fd);
  const auto acceptor =
      std::make_shared<tcp::acceptor>(worker.loop, v6 ? tcp::v6() : tcp::v4(), fd.release());
  worker.closers.push_back([acceptor] {
    asio::error_code ignored;
    acceptor->close(ignored);
  });
  net::start(worker.loop.get_executor(), accept_clients(worker, acceptor, serve));
}

void serve_explicit(Worker& worker, Fd fd) {
  accept_with(worker, std::move(fd),
              [](Worker& of, tcp::socket client) { return serve_client(of.context, std::move(client)); });
}

void serve_redirected(Worker& worker, Fd fd) {
  accept_with(worker, std::move(fd),
              [](Worker& of, tcp::socket client) { return serve_captured(of.context, std::move(client)); });
}

void serve_names(Worker& worker, Fd fd) {
  accept_with(worker, std::move(fd),
              [](Worker& of, tcp::socket client) { return of.names.serve_tcp(std::move(client)); });
}

void serve_names_udp(Worker& worker, Fd fd) {
  using Udp = asio::ip::udp;
  const bool v6 = is_ipv6(fd);
  const auto socket = std::make_shared<Udp::socket>(worker.loop, v6 ? Udp::v6() : Udp::v4(), fd.release());
  worker.closers.push_back([socket] {
    asio::error_code ignored;
    socket->close(ignored);
  });
  net::start(worker.loop.get_executor(), worker.names.serve_udp(socket));
}

void serve_operators(Worker& worker, Fd fd) {
  const auto acceptor = control::adopt_control(worker.loop.get_executor(), std::move(fd));
  worker.closers.push_back([acceptor] {
    asio::error_code ignored;
    acceptor->close(ignored);
  });
  net::start(worker.loop.get_executor(), control::serve_control(acceptor, make_operations(worker), make_pages(worker)));
}

void read_rejected(Worker& worker, Fd fd) {
  const auto log = std::make_shared<asio::posix::stream_descriptor>(worker.loop, fd.release());
  worker.closers.push_back([log] {
    asio::error_code ignored;
    log->close(ignored);
  });
  net::start(worker.loop.get_executor(),
             net::read_bypass_log(log, [&worker](const net::RejectedPacket& rejected) {
               worker.bypass.report(worker.loop.get_executor(), rejected);
             }));
}

struct Service {
  std::string_view name;
  void (*start)(Worker&, Fd);
};
// The names are those of the holder (proxy/holder/sockets.cc).
constexpr Service kServices[] = {
    {"explicit", serve_explicit},   {"captured", serve_redirected}, {"names", serve_names},
    {"names-udp", serve_names_udp}, {"control", serve_operators},   {"nflog", read_rejected},
};

}  // namespace

bool start_service(Worker& worker, std::string_view name, Fd fd) {
  for (const Service& service : kServices)
    if (service.name == name) {
      service.start(worker, std::move(fd));
      return true;
    }
  return false;
}

}  // namespace nemoclaw::serve
