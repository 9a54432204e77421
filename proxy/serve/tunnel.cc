#include "proxy/serve/tunnel.h"

#include <array>

#include "proxy/net/relay.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr auto kAnswerTimeout = std::chrono::seconds(10);
constexpr auto kIdleTimeout = std::chrono::hours(1);
constexpr size_t kDiscardedMax = 256 << 10;

}  // namespace

// A close with unread bytes would be a reset, which could overtake the answer: what the client still sends is
// read and thrown away for a moment.
net::Task<void> answer_and_close(tcp::socket& client, std::string answer) {
  const net::Deadline deadline(client, kAnswerTimeout);
  const auto [write_code, written] = co_await asio::async_write(client, asio::buffer(answer), net::kTuple);
  asio::error_code code;
  client.shutdown(tcp::socket::shutdown_send, code);
  std::array<char, 4096> buffer;
  for (size_t discarded = 0; !write_code && discarded < kDiscardedMax;) {
    const auto [read_code, got] = co_await client.async_read_some(asio::buffer(buffer), net::kTuple);
    if (read_code) break;
    discarded += got;
  }
  client.close(code);
}

net::Task<void> run_tunnel(tcp::socket& client, enforce::Forwarding& forwarding, std::string early) {
  net::RelayBytes bytes;
  bool alive = true;
  if (!early.empty()) {
    const auto [code, written] =
        co_await asio::async_write(forwarding.socket(), asio::buffer(early), net::kTuple);
    bytes.out += written;
    alive = !code;
  }
  if (alive) co_await net::relay(client, forwarding.socket(), kIdleTimeout, bytes);
  forwarding.finish(bytes);
}

bool endpoints_of(const tcp::socket& socket, tcp::endpoint& client, tcp::endpoint& local) {
  asio::error_code client_code, local_code;
  client = socket.remote_endpoint(client_code);
  local = socket.local_endpoint(local_code);
  return !client_code && !local_code;
}

}  // namespace nemoclaw::serve
