#include "proxy/serve/requests.h"

#include <utility>

#include "proxy/enforce/read_body.h"
#include "proxy/http/body.h"
#include "proxy/http/websocket.h"
#include "proxy/net/listener.h"
#include "proxy/serve/close.h"
#include "proxy/serve/websocket.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kHeadTime = std::chrono::seconds(30);
constexpr auto kIdleTime = std::chrono::minutes(10);    // between two requests
constexpr auto kStreamTime = std::chrono::minutes(60);  // silence within an exchange
constexpr uint64_t kBodyBytesMax = 1 << 20;      // of a body that is judged, unless the policy says otherwise
constexpr uint64_t kMessageBytesMax = 64 << 20;  // of a WebSocket message
constexpr auto kCloseTime = std::chrono::seconds(10);

using HeadState = http::RequestParser::State;

bool has_body(const http::Request& request) {
  return request.framing.kind == http::BodyKind::Chunked || request.framing.length > 0;
}

// NeedMore: the client ended the connection.
net::Task<HeadState> read_head(Side& client, http::RequestParser& parser, Watchdog& watchdog) {
  watchdog.allow(client.unread.empty() ? kIdleTime : kHeadTime);
  std::string_view unread = client.unread;
  HeadState state = parser.feed(unread);
  client.unread.erase(0, client.unread.size() - unread.size());
  while (state == HeadState::NeedMore) {
    const asio::mutable_buffer buffer = net::shared_buffer();
    const net::IoResult got = co_await client.stream.read_some(buffer);
    if (got.code) co_return state;
    const bool first = !parser.started();
    std::string_view input(static_cast<const char*>(buffer.data()), got.bytes);
    state = parser.feed(input);
    client.unread = input;
    // One time for the whole head, however it trickles in.
    if (first && state == HeadState::NeedMore) watchdog.allow(kHeadTime);
  }
  co_return state;
}

class Requests {
 public:
  Requests(enforce::Context& context, enforce::Connection& connection, Side& client, Origin& origin,
           Watchdog& watchdog, net::RelayBytes& bytes)
      : context_(context),
        connection_(connection),
        client_(client),
        origin_(origin),
        watchdog_(watchdog),
        bytes_(bytes),
        default_port_(connection.is_tls ? 443 : 80) {}

  net::Task<void> run() {
    for (;;) {
      if (client_.unread.empty()) origin_.rest();
      http::RequestParser parser(http::TargetForm::Origin, default_port_);
      const HeadState state = co_await read_head(client_, parser, watchdog_);
      if (state == HeadState::NeedMore && !parser.started()) co_return;
      if (state != HeadState::Complete) co_return co_await refuse_head(parser);
      http::Request request = parser.request();
      if (!co_await serve_one(std::move(request))) co_return;
    }
  }

  // False when the connection is over.
  net::Task<bool> serve_one(http::Request request) {
    enforce::Enforcer enforcer(context_);
    std::string body;
    enforce::HeldBytes held(context_.body_memory);  // until the request is answered
    const std::optional<policy::L7Plan> plan = enforcer.plan_request(connection_, request);
    if (has_body(request) && enforcer.wants_body(connection_, plan)) {
      const std::optional<uint64_t> limit = plan ? plan->limits.body_bytes_max : std::nullopt;
      const http::Refusal refusal = co_await read_body(request, limit.value_or(kBodyBytesMax), body, held);
      if (!refusal.reason.empty()) co_return co_await refuse(request, refusal);
    }
    const bool is_websocket =
        plan && plan->protocol == policy::Protocol::WebSocket && http::asks_for_websocket(request);
    if (is_websocket) {
      if (const std::optional<http::Refusal> problem = http::websocket_request_problem(request))
        co_return co_await refuse(request, *problem);
    }
    auto decided = enforcer.decide_request(connection_, request, body);
    if (const auto* refused = std::get_if<enforce::Refused>(&decided)) {
      // A body that nobody wants would have to be read to find the next request.
      const bool keep = request.keep_alive && !has_body(request);
      if (!co_await answer(refused->denial, request, keep)) co_return false;
      if (!keep) co_await close_gently(client_.stream, watchdog_);
      co_return keep;
    }
    const enforce::RequestPermit permit = std::move(std::get<enforce::RequestPermit>(decided));
    watchdog_.allow(kStreamTime);
    // Nobody sends a body or a handshake twice.
    const bool repeatable = is_repeatable(permit.request()) && !is_websocket;
    const Result<void> ready = co_await origin_.refresh(repeatable);
    if (!ready) co_return co_await fail(permit, "upstream_unreachable", ready.error().message);
    ExchangeOutcome outcome;
    if (is_websocket) {
      const WebSocketEnds ends{client_, origin_.side(), default_port_,
                               plan->limits.body_bytes_max.value_or(kMessageBytesMax), &origin_.live()};
      co_await serve_websocket(context_, connection_, permit, ends, watchdog_, outcome);
      origin_.finish(outcome);
      co_await finish(permit, outcome);
      co_return false;
    }
    if (permit.body()) client_.unread.replace(0, body.size(), *permit.body());
    const ExchangeOptions options{default_port_, true, permit.body_bytes_max(), permit.mask(), &watchdog_};
    co_await origin_.exchange(client_, permit.request(), options, outcome);
    co_return co_await finish(permit, outcome);
  }

 private:
  // Nothing that follows a head which cannot be read is looked at.
  net::Task<void> refuse_head(const http::RequestParser& parser) {
    http::Refusal refusal = parser.refusal();
    if (refusal.reason.empty()) refusal.reason = "the connection ended within the request's head";
    const enforce::Refused refused =
        enforce::Enforcer(context_).refuse_request(connection_, parser.request(), refusal);
    co_await answer(refused.denial, parser.request(), false);
    co_await close_gently(client_.stream, watchdog_);
  }

  // The whole body, decoded, which then lies before what follows it: what is judged is what is sent.
  net::Task<http::Refusal> read_body(http::Request& request, uint64_t bytes_max, std::string& content,
                                     enforce::HeldBytes& held) {
    watchdog_.allow(kHeadTime);
    const http::Refusal full{429, "rate_limited", enforce::BodyMemory::kFull};
    // Room is taken before the bytes come.
    if (!held.grow_to(std::min(request.framing.length, bytes_max) + client_.unread.size())) co_return full;
    if (std::exchange(request.expect_continue, false) && client_.unread.empty())
      co_await client_.stream.write_all(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")));
    http::BodyDecoder decoder(request.framing);
    std::string_view input = client_.unread;
    decoder.feed(input, content);
    client_.unread.erase(0, client_.unread.size() - input.size());
    while (decoder.state() == http::BodyDecoder::State::NeedMore && content.size() <= bytes_max) {
      const asio::mutable_buffer buffer = net::shared_buffer();
      const net::IoResult got = co_await client_.stream.read_some(buffer);
      if (got.code) decoder.end_of_stream();
      if (!held.grow_to(content.size() + got.bytes)) co_return full;
      input = std::string_view(static_cast<const char*>(buffer.data()), got.bytes);
      decoder.feed(input, content);
      client_.unread = input;
    }
    if (content.size() > bytes_max)
      co_return http::Refusal{
          413, "invalid_request",
          "the bodies of requests to this endpoint are read whole, and this one is longer than " +
              std::to_string(bytes_max) + " bytes"};
    if (decoder.state() != http::BodyDecoder::State::Complete)
      co_return http::Refusal{400, "invalid_request", "request body: " + decoder.error()};
    request.framing = http::Framing{http::BodyKind::Length, content.size()};
    client_.unread.insert(0, content);
    co_return http::Refusal{};
  }

  net::Task<bool> finish(const enforce::RequestPermit& permit, const ExchangeOutcome& outcome) {
    bytes_.out += outcome.bytes.out;
    bytes_.in += outcome.bytes.in;
    if (!permit.quota_key().empty())
      context_.quota.add_bytes_out(permit.quota_key(), outcome.bytes.out, std::chrono::steady_clock::now());
    if (!outcome.client_reusable) origin_.rest();
    if (!outcome.failure.empty()) {
      if (!outcome.answer_started)
        co_return co_await fail(permit,
                                outcome.over_limit     ? "rate_limited"
                                : outcome.client_fault ? "invalid_request"
                                                       : "upstream_unreachable",
                                outcome.failure);
      net::reset_connection(client_.stream.socket());  // a cut answer must not look complete
      co_return false;
    }
    if (!outcome.client_reusable) co_await close_gently(client_.stream, watchdog_);
    co_return outcome.client_reusable;
  }

  net::Task<bool> refuse(const http::Request& request, const http::Refusal& refusal) {
    const enforce::Refused refused =
        enforce::Enforcer(context_).refuse_request(connection_, request, refusal);
    co_await answer(refused.denial, request, false);
    co_await close_gently(client_.stream, watchdog_);
    co_return false;
  }

  net::Task<bool> fail(const enforce::RequestPermit& permit, std::string code, std::string reason) {
    const int status = http::status_for_code(code);
    const enforce::Refused refused = enforce::Enforcer(context_).refuse_request(
        connection_, permit.request(), http::Refusal{status, std::move(code), std::move(reason)});
    co_await answer(refused.denial, permit.request(), false);
    co_await close_gently(client_.stream, watchdog_);
    co_return false;
  }

  net::Task<bool> answer(const http::Denial& denial, const http::Request& request, bool keep) {
    watchdog_.allow(kCloseTime);
    const std::string text = http::render_denial(denial, request, keep);
    const net::IoResult written = co_await client_.stream.write_all(asio::buffer(text));
    co_return !written.code;
  }

  enforce::Context& context_;
  enforce::Connection& connection_;
  Side& client_;
  Origin& origin_;
  Watchdog& watchdog_;
  net::RelayBytes& bytes_;
  uint16_t default_port_;
};

}  // namespace

net::Task<void> serve_requests(enforce::Context& context, enforce::Connection& connection,
                               net::Stream& client, Origin& origin, Watchdog& watchdog,
                               net::RelayBytes& bytes) {
  Side side{client, {}};
  Requests requests(context, connection, side, origin, watchdog, bytes);
  co_await requests.run();
}

net::Task<bool> serve_request(enforce::Context& context, enforce::Connection& connection, Side& client,
                              Origin& origin, Watchdog& watchdog, net::RelayBytes& bytes,
                              http::Request request) {
  Requests requests(context, connection, client, origin, watchdog, bytes);
  co_return co_await requests.serve_one(std::move(request));
}

net::Task<void> answer_failure(enforce::Context& context, const enforce::Connection& connection,
                               net::Stream& client, Watchdog& watchdog, std::string code,
                               std::string reason) {
  Side side{client, {}};
  http::RequestParser parser(http::TargetForm::Origin, 443);
  co_await read_head(side, parser, watchdog);
  const int status = http::status_for_code(code);
  const enforce::Refused refused = enforce::Enforcer(context).refuse_request(
      connection, parser.request(), http::Refusal{status, std::move(code), std::move(reason)});
  const std::string text = http::render_denial(refused.denial, parser.request(), false);
  co_await client.write_all(asio::buffer(text));
  co_await close_gently(client, watchdog);
}

}  // namespace nemoclaw::serve
