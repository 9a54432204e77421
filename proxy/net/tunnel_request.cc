#include "proxy/net/tunnel_request.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "proxy/net/tunnel_answer.h"

namespace nemoclaw::net {

namespace {

// Reads the answer's head and nothing behind it: what has come is looked at first, and then taken as far as the
// head goes.
Task<Result<void>> read_answer(tcp::socket& socket) {
  std::array<char, 2048> buffer;
  std::string received;
  for (;;) {
    const auto [wait_code] = co_await socket.async_wait(tcp::socket::wait_read, kTuple);
    if (wait_code) co_return make_error("it did not answer: " + wait_code.message());
    const size_t before = received.size();
    const ssize_t seen = recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (seen <= 0) co_return make_error("it closed the connection without an answer");
    received.append(buffer.data(), static_cast<size_t>(seen));
    Result<std::optional<size_t>> answer = parse_tunnel_answer(received);
    if (!answer) co_return std::move(answer).error();
    const size_t taken = (*answer ? **answer : received.size()) - before;
    if (recv(socket.native_handle(), buffer.data(), taken, MSG_DONTWAIT) != static_cast<ssize_t>(taken))
      co_return errno_error("its answer");
    if (*answer) co_return Result<void>();
  }
}

}  // namespace

std::string render_tunnel_request(const std::string& host, uint16_t port, const std::string& authorization) {
  const bool v6 = host.find(':') != host.npos;
  const std::string authority = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!authorization.empty()) request += "Proxy-Authorization: " + authorization + "\r\n";
  return request + "\r\n";
}

Task<Result<void>> ask_for_tunnel(tcp::socket& socket, std::string request, std::chrono::milliseconds time) {
  const Deadline deadline(socket, time);
  const auto [code, written] = co_await asio::async_write(socket, asio::buffer(request), kTuple);
  if (code && !deadline.expired()) co_return make_error("it did not take the request: " + code.message());
  Result<void> agreed = co_await read_answer(socket);
  if (deadline.expired()) co_return make_error("no answer within " + std::to_string(time.count() / 1000) + " s");
  co_return agreed;
}

}  // namespace nemoclaw::net
