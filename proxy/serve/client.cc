#include "proxy/serve/client.h"

#include <array>
#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/enforce/enforce.h"
#include "proxy/enforce/forward.h"
#include "proxy/net/listener.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/inspect.h"
#include "proxy/serve/named_tunnel.h"
#include "proxy/serve/tunnel.h"
#include "proxy/serve/watchdog.h"
#include "proxy/tls/sniff.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr auto kHeadTimeout = std::chrono::seconds(30);
constexpr auto kIdleTimeout = std::chrono::hours(1);
constexpr size_t kFirstBytes = 32;

struct Head {
  http::RequestParser parser;
  http::RequestParser::State state = http::RequestParser::State::NeedMore;
  std::string first;  // what the client said first: it may be another protocol
  std::string rest;   // what came behind the head
  bool timed_out = false;
};

net::Task<void> read_head(tcp::socket& client, Head& head) {
  const net::Deadline deadline(client, kHeadTimeout);
  std::array<char, 4096> buffer;
  while (head.state == http::RequestParser::State::NeedMore) {
    const auto [code, got] = co_await client.async_read_some(asio::buffer(buffer), net::kTuple);
    head.timed_out = deadline.expired();
    if (code) co_return;
    std::string_view input(buffer.data(), got);
    if (head.first.size() < kFirstBytes) head.first += input.substr(0, kFirstBytes - head.first.size());
    head.state = head.parser.feed(input);
    head.rest = input;
  }
}

enforce::Intent intent_of(const http::Request& request) {
  enforce::Intent intent;
  intent.via = request.is_connect ? "connect" : "http";
  intent.host = request.authority.host;
  intent.port = request.authority.port;
  intent.method = request.method;
  intent.path = request.path.substr(0, request.path.find('?'));  // queries hold secrets
  return intent;
}

net::Task<bool> confirm_tunnel(tcp::socket& client) {
  static constexpr std::string_view kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";
  const auto [code, written] = co_await asio::async_write(client, asio::buffer(kEstablished), net::kTuple);
  co_return !code;
}

net::Task<void> run_exchange(tcp::socket& client, enforce::Forwarding& forwarding,
                             const http::Request& request, std::string early) {
  using namespace asio::experimental::awaitable_operators;
  ExchangeOutcome outcome;
  net::PlainStream client_stream(client), origin_stream(forwarding.socket());
  Side client_side{client_stream, std::move(early)}, origin_side{origin_stream, {}};
  Watchdog watchdog(client.get_executor());
  watchdog.allow(kIdleTimeout);
  co_await (exchange(client_side, origin_side, request, {.watchdog = &watchdog}, outcome) ||
            watchdog.watch());
  asio::error_code ignored;
  if (outcome.failure.empty()) client.shutdown(tcp::socket::shutdown_send, ignored);
  forwarding.finish(outcome.bytes, outcome.failure);
  if (outcome.failure.empty() || outcome.answer_started) {
    if (!outcome.failure.empty()) net::reset_connection(client);  // a cut answer must not look complete
    co_return;
  }
  const audit::Event& event = forwarding.event();
  const http::Denial denial{outcome.client_fault ? 400 : 502,
                            outcome.client_fault ? "invalid_request" : "upstream_unreachable",
                            event.decision,
                            outcome.failure,
                            "http",
                            event.entry,
                            event.actor.binary,
                            event.host,
                            event.port,
                            request.method,
                            {}};
  co_await answer_and_close(client, http::render_denial(denial, request.method == "HEAD"));
}

bool is_foreign(tls::Protocol protocol) {
  return protocol == tls::Protocol::Tls || protocol == tls::Protocol::Socks ||
         protocol == tls::Protocol::ProxyProtocol || protocol == tls::Protocol::Http2;
}

http::Refusal refusal_of(const Head& head, tls::Protocol protocol) {
  if (is_foreign(protocol))
    return {400, "unsupported_protocol",
            std::string("this is an HTTP proxy, and what came is ") + tls::protocol_name(protocol) +
                ": use CONNECT host:port, or an absolute http:// target"};
  if (head.timed_out) return {408, "invalid_request", "the request head did not come in time"};
  return head.parser.refusal();
}

// In the protocol that was spoken; a client of SOCKS reads no answer of HTTP.
net::Task<void> answer_other(tcp::socket& client, tls::Protocol protocol, const http::Denial& denial) {
  if (protocol == tls::Protocol::Tls)
    co_return co_await answer_and_close(client, tls::render_alert(tls::Alert::AccessDenied));
  if (protocol == tls::Protocol::Socks) co_return net::reset_connection(client);
  co_await answer_and_close(client, http::render_denial(denial));
}

net::Task<void> handle(enforce::Context& context, tcp::socket& client, Head& head, peer::SocketTuple tuple) {
  enforce::Enforcer enforcer(context);
  const http::Request& request = head.parser.request();
  if (head.state != http::RequestParser::State::Complete) {
    const tls::Protocol protocol = tls::recognise(head.first);
    const enforce::Refused refused =
        co_await enforcer.refuse_invalid(intent_of(request), refusal_of(head, protocol), tuple);
    co_return co_await answer_other(client, protocol, refused.denial);
  }
  auto decided = co_await enforcer.decide(intent_of(request), tuple);
  if (const auto* refused = std::get_if<enforce::Refused>(&decided)) {
    co_await answer_and_close(client, http::render_denial(refused->denial, request.method == "HEAD"));
    co_return;
  }
  if (const auto& permit = std::get<enforce::Permit>(decided); !permit.inspected() && !request.is_connect)
    if (std::string problem = enforce::placeholder_problem(request); !problem.empty()) {
      const http::Refusal refusal{403, "policy_denied", std::move(problem)};
      const enforce::Refused refused = co_await enforcer.refuse_invalid(intent_of(request), refusal, tuple);
      co_return co_await answer_and_close(client,
                                          http::render_denial(refused.denial, request.method == "HEAD"));
    }
  std::optional<enforce::Connection> inspected = std::get<enforce::Permit>(decided).inspected();
  auto forwarded = co_await enforce::forward(context, std::move(std::get<enforce::Permit>(decided)));
  if (const auto* refused = std::get_if<enforce::Refused>(&forwarded)) {
    co_await answer_and_close(client, http::render_denial(refused->denial, request.method == "HEAD"));
    co_return;
  }
  auto& forwarding = std::get<enforce::Forwarding>(forwarded);
  if (request.is_connect && !co_await confirm_tunnel(client)) co_return forwarding.finish({});
  if (inspected && request.is_connect)
    co_await inspect(context, client, std::move(head.rest), std::move(*inspected), forwarding);
  else if (inspected)
    co_await inspect_one(context, client, request, std::move(head.rest), std::move(*inspected), forwarding);
  else if (request.is_connect)
    co_await run_named_tunnel(client, forwarding, std::move(head.rest));
  else
    co_await run_exchange(client, forwarding, request, std::move(head.rest));
}

}  // namespace

net::Task<void> serve_client(enforce::Context& context, tcp::socket client) {
  ++context.counters.connections;
  tcp::endpoint remote, local;
  if (endpoints_of(client, remote, local)) {
    asio::error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    Head head;
    co_await read_head(client, head);
    // A connection without a single byte (a port probe, a warmed-up pool) asked for nothing.
    if (head.parser.started()) co_await handle(context, client, head, enforce::client_tuple(remote, local));
  }
  --context.counters.connections;
}

}  // namespace nemoclaw::serve
