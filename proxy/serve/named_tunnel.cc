#include "proxy/serve/named_tunnel.h"

#include <array>
#include <asio/experimental/awaitable_operators.hpp>

#include "policy/model/host.h"
#include "proxy/serve/tunnel.h"
#include "proxy/tls/sniff.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr std::chrono::milliseconds kHelloTime{10'000};  // from its first byte to its last
constexpr std::chrono::milliseconds kSilence = std::chrono::hours(1);

// Anything else is left alone at once: its first words may be short, and the answer awaited.
bool may_be_tls(std::string_view bytes) {
  return bytes.empty() || (bytes[0] == 0x16 && (bytes.size() == 1 || bytes[1] == 3));
}

// False if the origin is the one that speaks first.
net::Task<bool> client_speaks(tcp::socket& client, tcp::socket& origin) {
  using namespace asio::experimental::awaitable_operators;
  const net::Deadline deadline(client, kSilence);
  const auto first = co_await (client.async_wait(tcp::socket::wait_read, net::kTuple) ||
                               origin.async_wait(tcp::socket::wait_read, net::kTuple));
  co_return first.index() == 0;
}

net::Task<void> read_hello(tcp::socket& client, tls::Sniffer& sniffer) {
  const net::Deadline deadline(client, kHelloTime);
  std::array<char, 4096> buffer;
  while (sniffer.needs_more() && may_be_tls(sniffer.bytes())) {
    const auto [code, got] = co_await client.async_read_some(asio::buffer(buffer), net::kTuple);
    if (code) co_return sniffer.end();
    sniffer.feed(std::string_view(buffer.data(), got));
  }
}

// "" or what is wrong. A hello that ends early is no hello that anybody would answer.
std::string problem_of(const tls::Sniffed& sniffed, const std::string& host) {
  if (sniffed.protocol != tls::Protocol::Tls) return {};
  if (!sniffed.malformed.empty()) return "the client's TLS cannot be read: " + sniffed.malformed;
  return server_name_problem(sniffed.hello, host);
}

}  // namespace

std::string server_name_problem(const tls::ClientHello& hello, const std::string& host) {
  if (hello.server_name.empty()) return {};
  const Result<std::string> name = policy::normalise_host(hello.server_name);
  if (name && *name == host) return {};
  return "TLS asks for the name " + quoted(hello.server_name, 80) + " on a connection to " + host;
}

net::Task<void> run_named_tunnel(tcp::socket& client, enforce::Forwarding& forwarding, std::string early) {
  tls::Sniffer sniffer;
  if (!early.empty()) sniffer.feed(early);
  if (early.empty() && !co_await client_speaks(client, forwarding.socket()))
    co_return co_await run_tunnel(client, forwarding, {});
  co_await read_hello(client, sniffer);
  if (std::string problem = problem_of(sniffer.result(), forwarding.event().host); !problem.empty()) {
    forwarding.refuse("authority_mismatch", std::move(problem));
    forwarding.finish({});
    co_return co_await answer_and_close(client, tls::render_alert(tls::Alert::AccessDenied));
  }
  co_await run_tunnel(client, forwarding, sniffer.take_bytes());
}

}  // namespace nemoclaw::serve
