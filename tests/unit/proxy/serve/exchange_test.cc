// One request and its answer between two socket pairs: what reaches the origin, what reaches the client, and
// whether the connections may be used again. Numbers are those of the attack checklist.
#include "proxy/serve/exchange.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "proxy/http/body.h"

namespace nemoclaw::serve {
namespace {

using net::tcp;

struct Pair {
  explicit Pair(asio::io_context& loop) : ours(loop), theirs(loop) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ours.assign(tcp::v4(), ends[0]);
    theirs.assign(tcp::v4(), ends[1]);
  }
  tcp::socket ours, theirs;
};

struct Observed {
  std::string to_origin, to_client;
  ExchangeOutcome outcome;
  std::string next;  // of the client, behind the request
};

struct Script {
  std::string request, answer;
  bool origin_ends = true;  // after its answer
  bool client_ends = false;
  bool keep = true;
  uint64_t body_bytes_max = UINT64_MAX;
  size_t piece = SIZE_MAX;  // of what the two write
};

std::string read_all(tcp::socket& socket) {
  std::string text;
  char bytes[4096];
  asio::error_code code;
  while (const size_t got = socket.read_some(asio::buffer(bytes), code)) text.append(bytes, got);
  return text;
}

net::Task<void> write_slowly(tcp::socket& socket, std::string text, size_t piece, bool end) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!text.empty()) {
    const size_t size = std::min(piece, text.size());
    const auto [code, put] = co_await asio::async_write(socket, asio::buffer(text, size), net::kTuple);
    if (code) co_return;
    text.erase(0, size);
    timer.expires_after(std::chrono::microseconds(10));
    co_await timer.async_wait(net::kTuple);
  }
  asio::error_code ignored;
  if (end) socket.shutdown(tcp::socket::shutdown_send, ignored);
}

Observed run(const Script& script) {
  asio::io_context loop;
  Pair client(loop), origin(loop);
  http::RequestParser parser(http::TargetForm::Origin, 80);
  std::string_view input = script.request;
  EXPECT_EQ(parser.feed(input), http::RequestParser::State::Complete) << parser.refusal().reason;
  const std::string body(input);
  Observed result;
  {
    net::PlainStream client_stream(client.ours), origin_stream(origin.ours);
    Side client_side{client_stream, script.piece == SIZE_MAX ? body : ""}, origin_side{origin_stream, {}};
    if (script.piece != SIZE_MAX)
      net::start(loop.get_executor(), write_slowly(client.theirs, body, script.piece, script.client_ends));
    else if (script.client_ends)
      client.theirs.shutdown(tcp::socket::shutdown_send);
    net::start(loop.get_executor(),
               write_slowly(origin.theirs, script.answer, script.piece, script.origin_ends));
    bool done = false;
    // Named: a coroutine finds its captures in the lambda, which must outlive it.
    const auto work = [&]() -> net::Task<void> {
      co_await exchange(client_side, origin_side, parser.request(),
                        {80, script.keep, script.body_bytes_max, nullptr}, result.outcome);
      done = true;
    };
    net::start(loop.get_executor(), work());
    while (!done && loop.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    EXPECT_TRUE(done);
    result.next = client_side.unread;
    asio::error_code ignored;
    client.ours.close(ignored);
    origin.ours.close(ignored);
  }
  client.theirs.non_blocking(true);
  origin.theirs.non_blocking(true);
  result.to_client = read_all(client.theirs);
  result.to_origin = read_all(origin.theirs);
  return result;
}

constexpr const char* kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Exchange, WritesRequestAndAnswerAnewAndKeepsBothConnections) {
  const Observed result = run({.request = kGet, .answer = kOk, .origin_ends = false});
  EXPECT_EQ(result.to_origin, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(result.to_client, kOk);
  EXPECT_TRUE(result.outcome.failure.empty()) << result.outcome.failure;
  EXPECT_TRUE(result.outcome.client_reusable);
  EXPECT_TRUE(result.outcome.origin_reusable);
}

// A23: what follows a body is the next request, and no part of this one.
TEST(Exchange, A23_WhatFollowsTheBodyStays) {
  const std::string second = "GET /second HTTP/1.1\r\nHost: h\r\n\r\n";
  const Observed result =
      run({.request = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + second,
           .answer = kOk,
           .origin_ends = false});
  EXPECT_EQ(result.to_origin, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(result.next, second);
  EXPECT_TRUE(result.outcome.origin_reusable);
}

// A24: a body is framed whatever the method; A17: extensions are never forwarded; A20: nor trailers.
TEST(Exchange, A24_A17_A20_ChunkedBodyOfAnyMethodIsFramedAnew) {
  const Observed result =
      run({.request = "DELETE /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nHost: evil\r\nX-T: 1\r\n\r\n",
           .answer = kOk,
           .origin_ends = false});
  EXPECT_EQ(
      result.to_origin,
      "DELETE /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(result.outcome.origin_reusable);
}

// A25: an origin that answers before it has the body would take its rest for the next request.
TEST(Exchange, A25_AnEarlyAnswerEndsBothConnections) {
  const Observed result = run({.request = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc",
                               .answer = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
                               .origin_ends = false});
  EXPECT_EQ(result.outcome.status, 401);
  EXPECT_FALSE(result.outcome.client_reusable);
  EXPECT_FALSE(result.outcome.origin_reusable);
}

// A19: a body that is cut must not look complete.
TEST(Exchange, A19_ACutBodyIsTheClientsFault) {
  for (const char* request : {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                              "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"}) {
    const Observed result =
        run({.request = request, .answer = "", .origin_ends = false, .client_ends = true});
    EXPECT_TRUE(result.outcome.client_fault) << request;
    EXPECT_FALSE(result.outcome.answer_started);
    EXPECT_EQ(result.to_origin.find("\r\n0\r\n\r\n"), std::string::npos);
  }
}

TEST(Exchange, A15_A16_A18_MalformedChunksResetTheOrigin) {
  for (const char* body : {"zz\r\n", "5\nabcde\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n",
                           "0x3\r\nabc\r\n", "3 \r\nabc\r\n", "\r\n", "11111111111111111\r\n"}) {
    const Observed result = run(
        {.request = std::string("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n") + body,
         .answer = "",
         .origin_ends = false});
    EXPECT_TRUE(result.outcome.client_fault) << body;
    EXPECT_EQ(result.to_origin.find("0\r\n\r\n"), std::string::npos) << body;
  }
}

// A44, A45, A47, A48: answers that two readers could frame differently, or that nobody asked for.
TEST(Exchange, A44_A45_A47_A48_BadAnswersAreNotPassedOn) {
  for (const std::string& answer : {
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
           std::string("HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok"),
           std::string("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 28),
           "HTTP/1.1 200 OK\r\nX: " + std::string(300 << 10, 'x') + "\r\n\r\n",
           std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"),
           std::string("HTTP/2 200\r\n\r\n"),
           std::string("nonsense"),
           std::string(""),
       }) {
    const Observed result = run({.request = kGet, .answer = answer});
    EXPECT_FALSE(result.outcome.failure.empty()) << answer.substr(0, 80);
    EXPECT_FALSE(result.outcome.answer_started) << answer.substr(0, 80);
    EXPECT_EQ(result.to_client, "") << answer.substr(0, 80);
    EXPECT_FALSE(result.outcome.origin_reusable);
  }
}

// A44: a second answer never meets the next request.
TEST(Exchange, A44_SurplusEndsTheOriginsConnection) {
  const Observed result =
      run({.request = kGet, .answer = std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"});
  EXPECT_EQ(result.to_client, kOk);
  EXPECT_FALSE(result.outcome.origin_reusable);
  EXPECT_TRUE(result.outcome.client_reusable);
  const Observed head = run({.request = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", .answer = kOk});
  EXPECT_EQ(head.to_client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  EXPECT_FALSE(head.outcome.origin_reusable);
}

// What another client's request may follow on: an answer whose end nobody can doubt.
TEST(Exchange, I15_OnlyWhatIsBeyondDoubtIsShared) {
  const auto is_shared = [](const std::string& request, const std::string& answer) {
    const Observed result = run({.request = request, .answer = answer, .origin_ends = false});
    EXPECT_EQ(result.outcome.failure, "") << answer;
    EXPECT_LE(result.outcome.origin_shareable, result.outcome.origin_reusable);
    return result.outcome.origin_shareable;
  };
  const std::string head = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_TRUE(is_shared(kGet, kOk));
  EXPECT_TRUE(is_shared("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", kOk));
  EXPECT_TRUE(is_shared(kGet, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(is_shared(kGet, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  EXPECT_FALSE(is_shared(head, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_FALSE(is_shared(kGet, "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_FALSE(is_shared(kGet, "HTTP/1.1 103 Early Hints\r\n\r\n" + std::string(kOk)));
  EXPECT_FALSE(is_shared(kGet, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(is_shared(kGet, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(is_shared(kGet, std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
  EXPECT_FALSE(is_shared("GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: NTLM TlRM\r\n\r\n", kOk));
  EXPECT_FALSE(is_shared(kGet, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 2\r\n\r\nno"));
}

// C19 for plain streams: bodies end where they say, or the client sees that they did not.
TEST(Exchange, AnswersThatEndEarlyAreFailures) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    const Observed result = run({.request = kGet, .answer = answer});
    EXPECT_TRUE(result.outcome.answer_started) << answer;
    EXPECT_FALSE(result.outcome.failure.empty()) << answer;
    EXPECT_FALSE(result.outcome.client_reusable);
  }
  const Observed whole = run({.request = kGet, .answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end"});
  EXPECT_EQ(whole.outcome.failure, "");
  EXPECT_FALSE(whole.outcome.client_reusable);  // its end is the end of the connection
  EXPECT_EQ(whole.to_client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
}

TEST(Exchange, A46_ChunksAreTakenOffForHttp10) {
  const Observed result = run(
      {.request = "GET /a HTTP/1.0\r\nHost: h\r\n\r\n",
       .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"});
  EXPECT_EQ(result.to_client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");
}

TEST(Exchange, C20_A42_F12_HopByHopFieldsAltSvcAndOtherTargetsEndHere) {
  const Observed result = run(
      {.request =
           "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nProxy-Authorization: p\r\n"
           "TE: trailers\r\nKeep-Alive: 5\r\nX-Original-URL: /b\r\nx-rewrite-url: /c\r\nX-End: 2\r\n\r\n",
       .answer = "HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":443\"\r\nConnection: X-Gone\r\nX-Gone: 1\r\nX-Stay: 2\r\n"
                 "Content-Length: 0\r\n\r\n"});
  EXPECT_EQ(result.to_origin, "GET /a HTTP/1.1\r\nHost: h\r\nX-End: 2\r\n\r\n");
  EXPECT_EQ(result.to_client,
            "HTTP/1.1 200 OK\r\nX-Stay: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(result.outcome.client_reusable);
}

TEST(Exchange, A26_D21_InterimAnswersAreDroppedAndBounded) {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  EXPECT_EQ(run({.request = kGet, .answer = hints + "HTTP/1.1 100 Continue\r\n\r\n" + kOk}).to_client, kOk);
  std::string storm;
  for (int i = 0; i < 20; ++i) storm += hints;
  EXPECT_FALSE(run({.request = kGet, .answer = storm + kOk}).outcome.failure.empty());
}

TEST(Exchange, LimitsCutTheBodyAndResetTheOrigin) {
  const std::string long_body = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" +
                                std::string(20, 'x') + "\r\n0\r\n\r\n";
  const Observed result =
      run({.request = long_body, .answer = "", .origin_ends = false, .body_bytes_max = 10});
  EXPECT_TRUE(result.outcome.over_limit);
  EXPECT_FALSE(result.outcome.answer_started);
  EXPECT_EQ(result.to_origin.find("xxx"), std::string::npos);
}

// A49: the same bytes, however they are cut.
TEST(Exchange, A49_TheCutsMakeNoDifference) {
  const Script script{
      .request =
          "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
      .answer =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX: 1\r\n\r\n",
      .origin_ends = false};
  const auto content = [](const std::string& message) {
    http::BodyDecoder decoder({http::BodyKind::Chunked, 0});
    std::string text;
    std::string_view body = std::string_view(message).substr(message.find("\r\n\r\n") + 4);
    EXPECT_EQ(decoder.feed(body, text), http::BodyDecoder::State::Complete) << message;
    EXPECT_TRUE(body.empty()) << message;
    return message.substr(0, message.find("\r\n\r\n")) + "|" + text;
  };
  const Observed whole = run(script);
  for (const size_t piece : {1U, 2U, 3U, 5U, 7U, 11U}) {
    Script cut = script;
    cut.piece = piece;
    const Observed result = run(cut);
    EXPECT_EQ(content(result.to_origin), content(whole.to_origin)) << piece;
    EXPECT_EQ(content(result.to_client), content(whole.to_client)) << piece;
    EXPECT_EQ(result.outcome.client_reusable, whole.outcome.client_reusable);
    EXPECT_EQ(result.outcome.origin_reusable, whole.outcome.origin_reusable);
  }
}

}  // namespace
}  // namespace nemoclaw::serve
