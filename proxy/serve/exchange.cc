#include "proxy/serve/exchange.h"

#include <asio/experimental/awaitable_operators.hpp>
#include <optional>
#include <utility>

#include "proxy/http/body.h"
#include "proxy/http/mask_response.h"
#include "proxy/http/persistence.h"
#include "proxy/http/response.h"
#include "proxy/net/listener.h"

namespace nemoclaw::serve {

namespace {

using BodyState = http::BodyDecoder::State;
constexpr int kInterimAnswersMax = 8;
constexpr auto kSilence = std::chrono::minutes(60);  // of both ends; streams may be silent for long

net::Task<net::IoResult> read_watched(net::Stream& from, asio::mutable_buffer buffer, Watchdog* watchdog) {
  const net::IoResult got = co_await from.read_some(buffer);
  if (watchdog && !got.code) watchdog->allow(kSilence);
  co_return got;
}

net::Task<bool> write_counted(net::Stream& to, std::string_view text, uint64_t& count) {
  const net::IoResult written = co_await to.write_all(asio::buffer(text));
  count += written.bytes;
  co_return !written.code;
}

// Decodes all of `input` that belongs to the body and appends it to `out` as it goes on.
BodyState reframe(http::BodyDecoder& decoder, bool chunked, std::string_view& input, std::string& out) {
  if (!chunked) return decoder.feed(input, out);
  while (decoder.state() == BodyState::NeedMore && !input.empty()) {
    std::string_view run;
    decoder.feed_run(input, run);
    out += http::encode_chunk(run);
  }
  if (decoder.state() == BodyState::Complete) out += http::kLastChunk;
  return decoder.state();
}

bool is_encoded(const http::Response& response) {
  const bool has_body = response.framing.kind == http::BodyKind::Length
                            ? response.framing.length > 0
                            : response.framing.kind != http::BodyKind::None;
  return has_body && http::has_content_coding(response);
}

// The answer's body as the client gets it: without secrets, in chunks or as it is.
struct BodyOut {
  bool chunked = false;
  std::optional<http::Masker> masker;

  void add(std::string_view content, std::string& out) const {
    out += chunked ? http::encode_chunk(content) : std::string(content);
  }

  BodyState reframe(http::BodyDecoder& decoder, std::string_view& input, std::string& out) {
    if (!masker) return serve::reframe(decoder, chunked, input, out);
    std::string content, ready;
    decoder.feed(input, content);
    masker->feed(content, ready);
    if (decoder.state() == BodyState::Complete) masker->finish(ready);
    if (!ready.empty()) add(ready, out);
    if (chunked && decoder.state() == BodyState::Complete) out += http::kLastChunk;
    return decoder.state();
  }

  // The body ended with its connection.
  std::string finish() {
    std::string rest;
    if (masker) masker->finish(rest);
    return rest;
  }
};

// The request's body, from the client to the origin.
struct Upload {
  Side& client;
  Side& origin;
  const http::Request& request;
  ExchangeOutcome& outcome;
  uint64_t body_bytes_max;
  Watchdog* watchdog;
  uint64_t body_bytes = 0;  // with the chunks' frames, where there are any
  http::BodyDecoder decoder{request.framing};
  bool chunked = request.framing.kind == http::BodyKind::Chunked;

  bool is_complete() const { return decoder.state() == BodyState::Complete; }
  bool is_malformed() const { return decoder.state() == BodyState::Malformed; }

  // A malformed body resets the origin, so that it never looks complete there.
  void refuse() {
    outcome.client_fault = true;
    outcome.failure = "request body: " + decoder.error();
    net::reset_connection(origin.stream.socket());
  }

  bool is_too_long(size_t more) {
    body_bytes += more;
    if (body_bytes <= body_bytes_max) return false;
    outcome.over_limit = true;
    outcome.failure = "the request's body is longer than the " + std::to_string(body_bytes_max) +
                      " bytes that the endpoint's limits leave";
    net::reset_connection(origin.stream.socket());
    return true;
  }

  // What came with the head; it goes out with the head.
  void take_early(std::string& out) {
    std::string_view input = client.unread;
    reframe(decoder, chunked, input, out);
    client.unread.erase(0, client.unread.size() - input.size());
  }

  net::Task<void> run() {
    while (decoder.state() == BodyState::NeedMore) {
      const asio::mutable_buffer buffer = net::shared_buffer();
      const net::IoResult got = co_await read_watched(client.stream, buffer, watchdog);
      std::string_view input(static_cast<const char*>(buffer.data()), got.bytes);
      std::string out;
      std::string_view run;
      if (got.code)
        decoder.end_of_stream();
      else if (chunked)
        reframe(decoder, chunked, input, out);
      else
        decoder.feed_run(input, run);
      client.unread = input;
      if (is_malformed()) co_return refuse();
      if (is_too_long(out.size() + run.size())) co_return;
      const bool alive = co_await write_counted(origin.stream, out.empty() ? run : out, outcome.bytes.out);
      if (!alive) co_return;
    }
  }

  // Ends only by cancellation: the answer decides when the exchange is over, not the end of the request's
  // body.
  net::Task<void> run_and_wait() {
    co_await run();
    asio::steady_timer forever(co_await asio::this_coro::executor,
                               std::chrono::steady_clock::time_point::max());
    co_await forever.async_wait(net::kTuple);
  }
};

// The answer, from the origin to the client.
struct Download {
  Side& client;
  Side& origin;
  const http::Request& request;
  ExchangeOutcome& outcome;
  bool keep_client;
  Watchdog* watchdog;
  std::shared_ptr<const http::MaskPatterns> mask;
  std::optional<http::BodyDecoder> decoder;
  BodyOut body{};
  bool origin_chunked = false, wants_keep = false, is_doubtful = false;

  // The first cause stays: a reset by Upload shows here only as its consequence.
  void fail(std::string reason) {
    if (outcome.failure.empty()) outcome.failure = mask ? mask->mask(reason) : std::move(reason);
  }

  net::Task<void> run() {
    http::ResponseParser parser(request.method);
    int interim = 0;
    std::string early = std::exchange(origin.unread, {});
    std::string_view input = early;
    for (;;) {
      if (input.empty()) {
        const asio::mutable_buffer buffer = net::shared_buffer();
        const net::IoResult got = co_await read_watched(origin.stream, buffer, watchdog);
        if (got.code) co_return fail("the origin closed the connection before it answered");
        input = std::string_view(static_cast<const char*>(buffer.data()), got.bytes);
      }
      // Nothing is awaited before the rest of `input` is used or kept.
      const auto state = parser.feed(input);
      if (state == http::ResponseParser::State::Malformed)
        co_return fail("the origin's answer is malformed: " + parser.error());
      if (state == http::ResponseParser::State::NeedMore) continue;
      if (parser.response().status >= 200) break;
      if (parser.response().status == 101 || ++interim > kInterimAnswersMax)
        co_return fail("the origin switched protocols unasked, or sent too many interim answers");
      parser = http::ResponseParser(request.method);
    }
    is_doubtful = interim > 0;
    co_await pass(parser.response(), input);
  }

  net::Task<void> pass(const http::Response& response, std::string_view input) {
    outcome.status = response.status;
    origin_chunked = response.framing.kind == http::BodyKind::Chunked;
    body.chunked = origin_chunked && request.minor_version == 1;
    if (mask) body.masker.emplace(mask);
    if (mask && is_encoded(response)) co_return fail(http::kCodedAnswer);
    const bool ends_by_close =
        response.framing.kind == http::BodyKind::UntilClose || origin_chunked != body.chunked;
    keep_client = keep_client && request.keep_alive && !ends_by_close;
    wants_keep = response.keep_alive;
    is_doubtful = is_doubtful || http::announces_absent_body(response) ||
                  http::authenticates_connection(request.fields, response.fields);
    outcome.origin_patience = http::announced_patience(response.fields);
    decoder.emplace(response.framing);
    std::string out = http::serialise_response(mask ? http::masked(*mask, response) : response,
                                               request.minor_version, keep_client);
    body.reframe(*decoder, input, out);
    origin.unread = input;
    outcome.answer_started = true;
    if (!co_await write_counted(client.stream, out, outcome.bytes.in)) co_return fail("the client went away");
    while (decoder->state() == BodyState::NeedMore)
      if (!co_await pass_more()) co_return fail("the client went away");
    if (decoder->state() == BodyState::Malformed)
      co_return fail("the origin's answer is malformed: " + decoder->error());
    outcome.client_reusable = keep_client;
    // Surplus bytes belong to no request: an answer that nobody asked for must not meet the next one.
    outcome.origin_reusable = wants_keep && origin.unread.empty();
    outcome.origin_shareable = outcome.origin_reusable && !is_doubtful;
  }

  net::Task<bool> pass_more() {
    const asio::mutable_buffer buffer = net::shared_buffer();
    const net::IoResult got = co_await read_watched(origin.stream, buffer, watchdog);
    std::string_view input(static_cast<const char*>(buffer.data()), got.bytes);
    if (got.code) {
      // Only an end that the origin meant may end the body (attack C19).
      if (got.code == asio::error::eof && decoder->end_of_stream() == BodyState::Complete)
        co_return co_await write_counted(client.stream, body.finish(), outcome.bytes.in);
      fail(got.code == asio::error::eof ? "the origin's answer ended early" : "the origin's answer was cut");
      co_return false;
    }
    std::string out;
    std::string_view run;
    if (origin_chunked || body.masker)
      body.reframe(*decoder, input, out);
    else
      decoder->feed_run(input, run);
    origin.unread = input;
    co_return co_await write_counted(client.stream, out.empty() ? run : out, outcome.bytes.in);
  }
};

}  // namespace

net::Task<void> exchange(Side& client, Side& origin, const http::Request& request,
                         const ExchangeOptions& options, ExchangeOutcome& outcome) {
  using namespace asio::experimental::awaitable_operators;
  const bool has_body = request.framing.kind == http::BodyKind::Chunked || request.framing.length > 0;
  uint64_t interim_bytes = 0;
  if (request.expect_continue && has_body && client.unread.empty() &&
      !co_await write_counted(client.stream, "HTTP/1.1 100 Continue\r\n\r\n", interim_bytes)) {
    outcome.failure = "the client went away";
    co_return;
  }
  Upload upload{client, origin, request, outcome, options.body_bytes_max, options.watchdog};
  Download download{client, origin, request, outcome, options.keep, options.watchdog, options.mask, {}};
  std::string out = http::serialise_request(request, options.default_port, options.keep);
  const size_t head_bytes = out.size();
  upload.take_early(out);
  if (upload.is_malformed()) co_return upload.refuse();
  if (upload.is_too_long(out.size() - head_bytes)) co_return;
  if (!co_await write_counted(origin.stream, out, outcome.bytes.out)) {
    outcome.failure = "the origin closed the connection before it got the request";
    co_return;
  }
  if (upload.is_complete())
    co_await download.run();
  else
    co_await (download.run() || upload.run_and_wait());
  // An origin that answered before it had the whole request would read the rest as the next one.
  if (!upload.is_complete()) outcome.client_reusable = outcome.origin_reusable = outcome.origin_shareable = false;
}

net::Task<void> pass_answer(Side& client, Side& origin, const http::Request& request,
                            const http::Response& response, const ExchangeOptions& options,
                            ExchangeOutcome& outcome) {
  Download download{client, origin, request, outcome, false, options.watchdog, options.mask, {}};
  const std::string early = std::exchange(origin.unread, {});
  co_await download.pass(response, early);
  outcome.client_reusable = outcome.origin_reusable = outcome.origin_shareable = false;
}

}  // namespace nemoclaw::serve
