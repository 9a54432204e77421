#include "proxy/control/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

Result<Fd> listen_control(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return make_error("the path of the control socket is too long: " + path);
  memcpy(address.sun_path, path.data(), path.size());
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error("control socket");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove the old " + quoted(path));
  // The mode of a socket file counts from bind(2) on: a chmod afterwards would leave a gap.
  const mode_t before = umask(0177);
  const int code = bind(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int bind_errno = errno;
  umask(before);
  if (code != 0) return errno_error("bind " + quoted(path), bind_errno);
  if (listen(fd.raw(), 16) != 0) return errno_error("listen on " + quoted(path));
  return fd;
}

net::Task<void> serve_control(Fd listener, Handler handler) {
  const auto executor = co_await asio::this_coro::executor;
  asio::local::stream_protocol::acceptor acceptor(executor, asio::local::stream_protocol(),
                                                  listener.release());
  for (;;) {
    Socket socket(executor);
    const auto [code] = co_await acceptor.async_accept(socket, net::kTuple);
    if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) co_return;
    if (code || !is_root(socket.native_handle())) continue;
    net::start(executor, serve_peer(std::move(socket), handler));
  }
}

}  // namespace nemoclaw::control
