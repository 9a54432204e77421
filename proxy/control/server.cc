#include "proxy/control/server.h"

#include <sys/socket.h>

namespace nemoclaw::control {

namespace {

using Socket = asio::local::stream_protocol::socket;
constexpr size_t kRequestBytesMax = 4 << 20;  // resolv.conf and hosts come in one line

bool is_root(int raw) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  return getsockopt(raw, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

std::string answer_line(std::string_view line, const Handler& handler) {
  const Result<json::Value> request = json::parse(line);
  if (!request) return render_error("request: " + request.error().message);
  const json::Value* operation = request->find("op");
  if (!operation || !operation->is_string()) return render_error("request without a string member 'op'");
  return handler(operation->string, *request);
}

net::Task<void> serve_peer(Socket socket, Handler handler) {
  std::string received;
  for (;;) {
    const auto [read_code, size] = co_await asio::async_read_until(
        socket, asio::dynamic_buffer(received, kRequestBytesMax), '\n', net::kTuple);
    if (read_code) co_return;
    const std::string answer = answer_line(std::string_view(received).substr(0, size - 1), handler) + "\n";
    received.erase(0, size);
    const auto [write_code, written] = co_await asio::async_write(socket, asio::buffer(answer), net::kTuple);
    if (write_code) co_return;
  }
}

}  // namespace

std::string render_error(const std::string& message) {
  json::Writer writer;
  writer.begin_object().member("ok", false).member("error", message).end_object();
  return writer.take();
}

std::shared_ptr<Acceptor> adopt_control(const asio::any_io_executor& executor, Fd listener) {
  return std::make_shared<Acceptor>(executor, asio::local::stream_protocol(), listener.release());
}

net::Task<void> serve_control(std::shared_ptr<Acceptor> acceptor, Handler handler) {
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
    net::start(executor, serve_peer(std::move(socket), handler));
  }
}

}  // namespace nemoclaw::control
