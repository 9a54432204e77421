#include "proxy/serve/tunnel.h"

#include <array>
#include <memory>
#include <optional>

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

namespace {

// All that is left of a connection once its bytes are nobody's business: the two sockets, what the closing
// line of the audit needs, and what a new policy is asked about.
struct Tunnel {
  Tunnel(tcp::socket from, enforce::OpenTunnel to) : client(std::move(from)), open(std::move(to)) {
    enforce::Counters& counters = open.context().counters;
    ++counters.connections, ++counters.tunnels;
  }
  ~Tunnel() {
    enforce::Counters& counters = open.context().counters;
    --counters.connections, --counters.tunnels;
  }
  tcp::socket client;
  enforce::OpenTunnel open;
  std::optional<net::Relay> relay;
};

}  // namespace

net::Task<void> run_tunnel(tcp::socket& client, enforce::Forwarding& forwarding, std::string early) {
  const auto tunnel = std::make_shared<Tunnel>(std::move(client), forwarding.become_tunnel());
  tunnel->relay.emplace(tunnel->client, tunnel->open.socket(), kIdleTimeout,
                        [tunnel] { tunnel->open.finish(tunnel->relay->bytes()); });
  tunnel->relay->start(std::move(early));
  co_return;
}

bool endpoints_of(const tcp::socket& socket, tcp::endpoint& client, tcp::endpoint& local) {
  asio::error_code client_code, local_code;
  client = socket.remote_endpoint(client_code);
  local = socket.local_endpoint(local_code);
  return !client_code && !local_code;
}

}  // namespace nemoclaw::serve
