#include "proxy/serve/exchange.h"

#include <array>
#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/http/body.h"
#include "proxy/http/response.h"
#include "proxy/net/listener.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr auto kStallTimeout = std::chrono::minutes(30);  // streams may be silent for long
constexpr int kInterimAnswersMax = 8;
constexpr size_t kBufferBytes = 16 << 10;

net::Task<bool> write_text(tcp::socket& to, std::string text, uint64_t& count) {
  const auto [code, written] = co_await asio::async_write(to, asio::buffer(text), net::kTuple);
  count += written;
  co_return !code;
}

std::string reframe(const http::Framing& framing, std::string content, bool complete) {
  if (framing.kind != http::BodyKind::Chunked) return content;
  std::string out = http::encode_chunk(content);
  if (complete) out += http::kLastChunk;
  return out;
}

// Decodes the client's body and writes it anew; a malformed one resets the origin, so that it never looks
// complete there.
net::Task<void> upload(tcp::socket& client, tcp::socket& origin, const http::Request& request,
                       std::string early, ExchangeOutcome& outcome) {
  http::BodyDecoder decoder(request.framing);
  std::string data = std::move(early);
  while (decoder.state() == http::BodyDecoder::State::NeedMore) {
    if (data.empty()) {
      data.resize(kBufferBytes);
      const auto [code, got] = co_await client.async_read_some(asio::buffer(data), net::kTuple);
      data.resize(got);
      if (code) decoder.end_of_stream();
    }
    std::string_view input = data;
    std::string content;
    decoder.feed(input, content);
    data.clear();  // what follows a complete body is another request; this connection serves one
    if (decoder.state() == http::BodyDecoder::State::Malformed) {
      outcome.client_fault = true;
      outcome.failure = "request body: " + decoder.error();
      co_return net::reset_connection(origin);
    }
    const bool complete = decoder.state() == http::BodyDecoder::State::Complete;
    const std::string out = reframe(request.framing, std::move(content), complete);
    if (!out.empty() && !co_await write_text(origin, out, outcome.bytes.out)) co_return;
  }
}

// Ends only by cancellation: the answer decides when the exchange is over, not the end of the request's body.
net::Task<void> upload_and_wait(tcp::socket& client, tcp::socket& origin, const http::Request& request,
                                std::string early, ExchangeOutcome& outcome) {
  co_await upload(client, origin, request, std::move(early), outcome);
  asio::steady_timer forever(co_await asio::this_coro::executor,
                             std::chrono::steady_clock::time_point::max());
  co_await forever.async_wait(net::kTuple);
}

struct Download {
  tcp::socket& client;
  tcp::socket& origin;
  const http::Request& request;
  ExchangeOutcome& outcome;
  std::string data;  // read from the origin, not used yet

  // The first cause stays: a reset by upload() shows here only as its consequence.
  void fail(std::string reason) {
    if (outcome.failure.empty()) outcome.failure = std::move(reason);
  }

  net::Task<bool> read_more() {
    const net::Deadline deadline(origin, kStallTimeout);
    data.resize(kBufferBytes);
    const auto [code, got] = co_await origin.async_read_some(asio::buffer(data), net::kTuple);
    data.resize(got);
    co_return !code;
  }

  net::Task<std::optional<http::Response>> read_answer_head() {
    for (int interim = 0; interim <= kInterimAnswersMax; ++interim) {
      http::ResponseParser parser(request.method);
      for (;;) {
        std::string_view input = data;
        const auto state = parser.feed(input);
        data.erase(0, data.size() - input.size());
        if (state == http::ResponseParser::State::Complete) break;
        if (state == http::ResponseParser::State::Malformed) {
          fail("the origin's answer is malformed: " + parser.error());
          co_return std::nullopt;
        }
        if (!co_await read_more()) {
          fail("the origin closed the connection before it answered");
          co_return std::nullopt;
        }
      }
      const http::Response& response = parser.response();
      if (response.status >= 200) co_return response;
      if (response.status == 101) break;  // nobody asked for an upgrade: it was stripped
    }
    fail("the origin switched protocols unasked, or sent too many interim answers");
    co_return std::nullopt;
  }

  net::Task<void> run() {
    const std::optional<http::Response> response = co_await read_answer_head();
    if (!response) co_return;
    outcome.answer_started = true;
    if (!co_await write_text(client, http::serialise_response(*response, request.minor_version),
                             outcome.bytes.in))
      co_return fail("the client went away");
    http::Framing out_framing = response->framing;
    if (request.minor_version == 0 && out_framing.kind == http::BodyKind::Chunked)
      out_framing.kind = http::BodyKind::UntilClose;
    http::BodyDecoder decoder(response->framing);
    while (decoder.state() == http::BodyDecoder::State::NeedMore) {
      if (data.empty() && !co_await read_more()) decoder.end_of_stream();
      std::string_view input = data;
      std::string content;
      decoder.feed(input, content);
      data.clear();
      if (decoder.state() == http::BodyDecoder::State::Malformed)
        co_return fail("the origin's answer is malformed: " + decoder.error());
      const bool complete = decoder.state() == http::BodyDecoder::State::Complete;
      const std::string out = reframe(out_framing, std::move(content), complete);
      if (!out.empty() && !co_await write_text(client, out, outcome.bytes.in))
        co_return fail("the client went away");
    }
  }
};

}  // namespace

net::Task<void> exchange(tcp::socket& client, tcp::socket& origin, const http::Request& request,
                         std::string early, ExchangeOutcome& outcome) {
  using namespace asio::experimental::awaitable_operators;
  const bool has_body = request.framing.kind == http::BodyKind::Chunked || request.framing.length > 0;
  uint64_t interim_bytes = 0;
  if (request.expect_continue && has_body && early.empty() &&
      !co_await write_text(client, "HTTP/1.1 100 Continue\r\n\r\n", interim_bytes)) {
    outcome.failure = "the client went away";
    co_return;
  }
  if (!co_await write_text(origin, http::serialise_request(request), outcome.bytes.out)) {
    outcome.failure = "the origin closed the connection before it got the request";
    co_return;
  }
  Download download{client, origin, request, outcome, {}};
  co_await (download.run() || upload_and_wait(client, origin, request, std::move(early), outcome));
  asio::error_code ignored;
  if (outcome.failure.empty()) client.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace nemoclaw::serve
