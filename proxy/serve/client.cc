#include "proxy/serve/client.h"

#include "proxy/enforce/enforce.h"
#include "proxy/enforce/forward.h"
#include "proxy/net/listener.h"
#include "proxy/serve/inspect.h"
#include "proxy/serve/named_tunnel.h"
#include "proxy/serve/plain_request.h"
#include "proxy/serve/tunnel.h"
#include "proxy/tls/sniff.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr auto kHeadTimeout = std::chrono::seconds(30);
constexpr auto kNextTimeout = std::chrono::minutes(2);  // between two requests
constexpr size_t kFirstBytes = 32;

struct Head {
  http::RequestParser parser;
  http::RequestParser::State state = http::RequestParser::State::NeedMore;
  std::string first;  // what the client said first: it may be another protocol
  bool timed_out = false;

  void feed(std::string_view& input) {
    if (first.size() < kFirstBytes) first += input.substr(0, kFirstBytes - first.size());
    state = parser.feed(input);
  }
};

// Takes off client.unread what belongs to the head, and reads the rest of it.
net::Task<void> read_head(Side& client, Head& head) {
  const net::Deadline deadline(client.stream.socket(), kHeadTimeout);
  std::string_view input = client.unread;
  head.feed(input);
  client.unread.erase(0, client.unread.size() - input.size());
  while (head.state == http::RequestParser::State::NeedMore) {
    const asio::mutable_buffer buffer = net::shared_buffer();
    const net::IoResult got = co_await client.stream.read_some(buffer);
    head.timed_out = deadline.expired();
    if (got.code) co_return;
    input = std::string_view(static_cast<const char*>(buffer.data()), got.bytes);
    head.feed(input);
    client.unread = input;
  }
}

// Without a head in memory, since many clients wait. False: nothing more comes.
net::Task<bool> wait_for_next(Side& client) {
  if (!client.unread.empty()) co_return true;
  const net::Deadline deadline(client.stream.socket(), kNextTimeout);
  const asio::mutable_buffer buffer = net::shared_buffer();
  const net::IoResult got = co_await client.stream.read_some(buffer);
  if (got.code) co_return false;
  client.unread.assign(static_cast<const char*>(buffer.data()), got.bytes);
  co_return true;
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

// True if the client may go on. A body that nobody wants would have to be read to find the next request.
net::Task<bool> answer_denial(tcp::socket& client, const http::Denial& denial, const http::Request& request) {
  const bool has_body = request.framing.kind == http::BodyKind::Chunked || request.framing.length > 0;
  const bool keep = request.keep_alive && !request.is_connect && !has_body;
  const std::string text = http::render_denial(denial, request.method == "HEAD", keep);
  if (!keep) {
    co_await answer_and_close(client, text);
    co_return false;
  }
  const net::Deadline deadline(client, kHeadTimeout);
  const auto [code, written] = co_await asio::async_write(client, asio::buffer(text), net::kTuple);
  co_return !code;
}

net::Task<void> refuse_head(enforce::Context& context, tcp::socket& client, const Head& head,
                            peer::SocketTuple tuple) {
  const tls::Protocol protocol = tls::recognise(head.first);
  enforce::Intent intent = intent_of(head.parser.request());
  const http::Refusal refusal = refusal_of(head, protocol);
  const enforce::Refused refused =
      co_await enforce::Enforcer(context).refuse_invalid(std::move(intent), refusal, tuple);
  co_await answer_other(client, protocol, refused.denial);
}

// "" or why a request that nobody judges may not be sent.
std::string placeholder_problem(const enforce::Permit& permit, const http::Request& request) {
  return permit.inspected() || request.is_connect ? std::string() : enforce::placeholder_problem(request);
}

net::Task<void> serve_connect(enforce::Context& context, tcp::socket& client, Side& side,
                              std::optional<enforce::Connection> inspected, enforce::Forwarding& forwarding) {
  if (!co_await confirm_tunnel(client)) co_return forwarding.finish({});
  std::string early = std::move(side.unread);
  if (inspected)
    co_await inspect(context, client, std::move(early), std::move(*inspected), forwarding);
  else
    co_await run_named_tunnel(client, forwarding, std::move(early));
}

// One request. True if another one may follow, which is judged on its own.
net::Task<bool> handle(enforce::Context& context, tcp::socket& client, Side& side, const http::Request& request,
                       peer::SocketTuple tuple) {
  enforce::Enforcer enforcer(context);
  enforce::Intent intent = intent_of(request);
  auto decided = co_await enforcer.decide(intent, tuple);
  if (const auto* refused = std::get_if<enforce::Refused>(&decided))
    co_return co_await answer_denial(client, refused->denial, request);
  enforce::Permit& permit = std::get<enforce::Permit>(decided);
  if (std::string problem = placeholder_problem(permit, request); !problem.empty()) {
    const http::Refusal refusal{403, "policy_denied", std::move(problem)};
    const enforce::Refused refused = co_await enforcer.refuse_invalid(std::move(intent), refusal, tuple);
    co_return co_await answer_denial(client, refused.denial, request);
  }
  std::optional<enforce::Connection> inspected = permit.inspected();
  auto forwarded = co_await enforce::forward(context, std::move(permit));
  if (const auto* refused = std::get_if<enforce::Refused>(&forwarded))
    co_return co_await answer_denial(client, refused->denial, request);
  auto& forwarding = std::get<enforce::Forwarding>(forwarded);
  if (request.is_connect) {
    co_await serve_connect(context, client, side, std::move(inspected), forwarding);
    co_return false;
  }
  if (inspected) co_return co_await inspect_one(context, side, request, std::move(*inspected), forwarding);
  co_return co_await serve_plain_request(side, request, forwarding);
}

// False when the connection is over.
net::Task<bool> serve_next(enforce::Context& context, tcp::socket& client, Side& side, peer::SocketTuple tuple) {
  Head head;
  co_await read_head(side, head);
  // A connection without a single byte (a port probe, a warmed-up pool) asked for nothing.
  if (!head.parser.started()) co_return false;
  if (head.state == http::RequestParser::State::Complete)
    co_return co_await handle(context, client, side, head.parser.request(), tuple);
  co_await refuse_head(context, client, head, tuple);
  co_return false;
}

}  // namespace

net::Task<void> serve_client(enforce::Context& context, tcp::socket client) {
  ++context.counters.connections;
  tcp::endpoint remote, local;
  if (endpoints_of(client, remote, local)) {
    asio::error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    const peer::SocketTuple tuple = enforce::client_tuple(remote, local);
    net::PlainStream stream(client);
    Side side{stream, {}};
    while (co_await serve_next(context, client, side, tuple) && co_await wait_for_next(side)) {
    }
  }
  --context.counters.connections;
}

}  // namespace nemoclaw::serve
