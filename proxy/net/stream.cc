#include "proxy/net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nemoclaw::net {

PlainStream::PlainStream(tcp::socket& socket, std::string early)
    : socket_(socket), early_(std::move(early)) {}

Task<IoResult> PlainStream::read_some(asio::mutable_buffer buffer) {
  if (!early_.empty()) {
    const size_t taken = std::min(early_.size(), buffer.size());
    std::memcpy(buffer.data(), early_.data(), taken);
    early_.erase(0, taken);
    if (early_.empty()) early_.shrink_to_fit();
    co_return IoResult{{}, taken};
  }
  const auto [code, bytes] = co_await socket_.async_read_some(buffer, kTuple);
  co_return IoResult{code, bytes};
}

Task<IoResult> PlainStream::write_all(asio::const_buffer data) {
  const auto [code, bytes] = co_await asio::async_write(socket_, data, kTuple);
  co_return IoResult{code, bytes};
}

Task<void> PlainStream::shutdown_send() {
  asio::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  co_return;
}

bool PlainStream::is_stale() {
  char byte;
  const ssize_t got = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !early_.empty() || got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace nemoclaw::net
