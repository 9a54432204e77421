#include "proxy/net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/net/readiness.h"

namespace nemoclaw::net {

namespace {

bool is_temporary(const asio::error_code& code) {
  return code == asio::error::would_block || code == asio::error::try_again ||
         code == asio::error::interrupted;
}

}  // namespace

asio::mutable_buffer shared_buffer() {
  static thread_local char bytes[64 << 10];
  return asio::buffer(bytes);
}

PlainStream::PlainStream(tcp::socket& socket, std::string early) : socket_(socket), early_(std::move(early)) {
  asio::error_code ignored;
  socket_.non_blocking(true, ignored);
}

Task<IoResult> PlainStream::read_some(asio::mutable_buffer buffer) {
  if (!early_.empty()) {
    const size_t taken = std::min(early_.size(), buffer.size());
    std::memcpy(buffer.data(), early_.data(), taken);
    early_.erase(0, taken);
    if (early_.empty()) early_.shrink_to_fit();
    co_return IoResult{{}, taken};
  }
  for (;;) {
    asio::error_code code;
    const size_t bytes = socket_.read_some(buffer, code);
    if (!is_temporary(code)) co_return IoResult{code, bytes};
    if (const asio::error_code wait_code = co_await wait_readable(socket_)) co_return IoResult{wait_code, 0};
  }
}

Task<IoResult> PlainStream::write_all(asio::const_buffer data) {
  asio::error_code code;
  const size_t put = socket_.write_some(data, code);
  if (code && !is_temporary(code)) co_return IoResult{code, put};
  if (put == data.size()) co_return IoResult{{}, put};
  const std::string rest(static_cast<const char*>(data.data()) + put, data.size() - put);
  const auto [write_code, bytes] = co_await asio::async_write(socket_, asio::buffer(rest), kTuple);
  co_return IoResult{write_code, put + bytes};
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
