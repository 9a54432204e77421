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

net::Task<void> serve_peer(Socket socket, Handler handler, Pages pages) {
  std::string received;
  for (;;) {
    const auto [read_code, size] = co_await asio::async_read_until(
        socket, asio::dynamic_buffer(received, kRequestBytesMax), '\n', net::kTuple);
    if (read_code) co_return;
    const std::string line = received.substr(0, size - 1);
    if (asks_for_page(line))
      co_return co_await serve_page(socket, std::move(received), line, pages);
    const std::string answer = answer_line(line, handler) + "\n";
    received.erase(0, size);
    const auto [write_code, written] = co_await asio::async_write(socket, asio::buffer(answer), net::kTuple);
    if (write_code) co_return;
  }
}

}  // namespace

std::shared_ptr<Acceptor> adopt_control(const asio::any_io_executor& executor, Fd listener) {
  return std::make_shared<Acceptor>(executor, asio::local::stream_protocol(), listener.release());
}

net::Task<void> serve_control(std::shared_ptr<Acceptor> acceptor, Handler handler, Pages pages) {
  const auto executor = co_await asio::this_coro::executor;
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
    if (!is_root(socket.native_handle())) continue;
    net::start(executor, serve_peer(std::move(socket), handler, pages));
  }
}

}  // namespace nemoclaw::control
