#include "proxy/net/relay.h"

#include <asio/experimental/awaitable_operators.hpp>
#include <string>

#include "proxy/net/listener.h"

namespace nemoclaw::net {

namespace {

using Clock = std::chrono::steady_clock;

struct Tunnel {
  tcp::socket& client;
  tcp::socket& origin;
  Clock::time_point last_byte = Clock::now();

  void reset() {
    reset_connection(client);
    reset_connection(origin);
  }
};

Task<void> pump(Tunnel& tunnel, tcp::socket& from, tcp::socket& to, uint64_t& count) {
  // One thread: the buffer is shared by all tunnels, because no coroutine is suspended while it holds data
  // there.
  static char buffer[64 << 10];
  std::string pending;
  for (;;) {
    const auto [wait_code] = co_await from.async_wait(tcp::socket::wait_read, kTuple);
    if (wait_code) co_return tunnel.reset();
    asio::error_code code;
    const size_t got = from.read_some(asio::buffer(buffer), code);
    if (code == asio::error::would_block || code == asio::error::try_again) continue;
    if (code == asio::error::eof) {
      to.shutdown(tcp::socket::shutdown_send, code);
      co_return;
    }
    if (code) co_return tunnel.reset();
    tunnel.last_byte = Clock::now();
    size_t put = to.write_some(asio::buffer(buffer, got), code);
    if (code == asio::error::would_block || code == asio::error::try_again)
      put = 0;
    else if (code)
      co_return tunnel.reset();
    if (put < got) {
      pending.assign(buffer + put, got - put);
      const auto [write_code, written] = co_await asio::async_write(to, asio::buffer(pending), kTuple);
      if (write_code) co_return tunnel.reset();
      tunnel.last_byte = Clock::now();
      std::string().swap(pending);
    }
    count += got;
  }
}

Task<void> both(Tunnel& tunnel, RelayBytes& bytes) {
  using namespace asio::experimental::awaitable_operators;
  co_await (pump(tunnel, tunnel.client, tunnel.origin, bytes.out) &&
            pump(tunnel, tunnel.origin, tunnel.client, bytes.in));
}

Task<void> watch(Tunnel& tunnel, std::chrono::seconds idle) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    const auto due = tunnel.last_byte + idle;
    if (due <= Clock::now()) co_return tunnel.reset();
    timer.expires_at(due);
    const auto [code] = co_await timer.async_wait(kTuple);
    if (code) co_return;
  }
}

}  // namespace

Task<void> relay(tcp::socket& client, tcp::socket& origin, std::chrono::seconds idle, RelayBytes& bytes) {
  using namespace asio::experimental::awaitable_operators;
  asio::error_code ignored;
  client.non_blocking(true, ignored);
  origin.non_blocking(true, ignored);
  Tunnel tunnel{client, origin};
  co_await (both(tunnel, bytes) || watch(tunnel, idle));
}

}  // namespace nemoclaw::net
