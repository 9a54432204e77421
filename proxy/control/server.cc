#include "proxy/control/server.h"

#include <sys/socket.h>

namespace nemoclaw::control {

namespace {

using Socket = asio::local::stream_protocol::socket;
constexpr size_t kHeadBytesMax = 64 << 10;
constexpr size_t kRequestBytesMax = 4 << 20;  // resolv.conf and hosts come in one line

bool is_root(int raw) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  return getsockopt(raw, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

// The fields say nothing that matters, but are read: a close with unread bytes would be a reset.
net::Task<void> serve_page(Socket& socket, std::string received, const std::string& line, const Pages& pages) {
  while (received.find("\r\n\r\n") == received.npos && received.size() < kHeadBytesMax) {
    char bytes[4096];
    const auto [code, got] = co_await socket.async_read_some(asio::buffer(bytes), net::kTuple);
    if (code) co_return;
    received.append(bytes, got);
  }
  const std::string answer = answer_page(line, pages);
  co_await asio::async_write(socket, asio::buffer(answer), net::kTuple);
}

// Ends a peer that does not finish what it began, or does not read its answer. Between requests it may wait as long as
// it likes.
class PeerClock {
 public:
  PeerClock(Socket& socket, std::chrono::milliseconds time) : socket_(socket), timer_(socket.get_executor()), time_(time) {}
  void start() {
    timer_.expires_after(time_);
    timer_.async_wait([this](const asio::error_code& code) {
      asio::error_code ignored;
      if (!code) socket_.close(ignored);
    });
  }
  void stop() { timer_.cancel(); }

 private:
  Socket& socket_;
  asio::steady_timer timer_;
  std::chrono::milliseconds time_;
};

// False when the peer has gone, or is gone for being slow or saying too much.
net::Task<bool> read_line(Socket& socket, PeerClock& clock, std::string& received, size_t& size) {
  size = received.find('\n') + 1;
  if (size > 0) co_return true;
  if (received.empty()) {
    const auto [wait_code] = co_await socket.async_wait(Socket::wait_read, net::kTuple);
    if (wait_code) co_return false;
  }
  clock.start();
  const auto [code, got] = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(received, kRequestBytesMax), '\n', net::kTuple);
  clock.stop();
  size = got;
  co_return !code;
}

net::Task<void> serve_lines(Socket& socket, PeerClock& clock, Handler handler, Pages pages) {
  std::string received;
  size_t size = 0;
  while (co_await read_line(socket, clock, received, size)) {
    const std::string line = received.substr(0, size - 1);
    clock.start();
    if (asks_for_page(line)) co_return co_await serve_page(socket, std::move(received), line, pages);
    const std::string answer = answer_line(line, handler) + "\n";
    received.erase(0, size);
    const auto [write_code, written] = co_await asio::async_write(socket, asio::buffer(answer), net::kTuple);
    if (write_code) co_return;
    clock.stop();
  }
}

// Its timer's handler may still be in the queue when the peer has gone: it is let out before they go.
net::Task<void> serve_peer(Socket socket, Handler handler, Pages pages, PeerLimits limits,
                           std::shared_ptr<unsigned> peers) {
  ++*peers;
  {
    PeerClock clock(socket, limits.time);
    co_await serve_lines(socket, clock, std::move(handler), std::move(pages));
    clock.stop();
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  --*peers;
}

}  // namespace

std::shared_ptr<Acceptor> adopt_control(const asio::any_io_executor& executor, Fd listener) {
  return std::make_shared<Acceptor>(executor, asio::local::stream_protocol(), listener.release());
}

net::Task<void> serve_control(std::shared_ptr<Acceptor> acceptor, Handler handler, Pages pages, PeerLimits limits) {
  const auto executor = co_await asio::this_coro::executor;
  const auto peers = std::make_shared<unsigned>(0);
  asio::steady_timer pause(executor);
  while (acceptor->is_open()) {
    Socket socket(executor);
    const auto [code] = co_await acceptor->async_accept(socket, net::kTuple);
    if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) co_return;
    if (code) {  // no descriptors left, which the sandbox can bring about: wait instead of spinning
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(net::kTuple);
      continue;
    }
    if (!is_root(socket.native_handle()) || *peers >= limits.peers) continue;
    net::start(executor, serve_peer(std::move(socket), handler, pages, limits, peers));
  }
}

}  // namespace nemoclaw::control
