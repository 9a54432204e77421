#include "proxy/http/response.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

using State = ResponseParser::State;

struct Case {
  const char* name;
  std::string method, text;
  State state;
  BodyKind kind = BodyKind::None;
  uint64_t length = 0;
};

const Case kCases[] = {
    {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", State::Complete, BodyKind::Length, 5},
    {"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", State::Complete,
     BodyKind::Chunked},
    {"until_close", "GET", "HTTP/1.0 200 OK\r\n\r\n", State::Complete, BodyKind::UntilClose},
    {"no_reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", State::Complete, BodyKind::Length, 0},
    {"A44_head_has_no_body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", State::Complete},
    {"A44_204_has_no_body", "GET", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", State::Complete},
    {"A44_304_has_no_body", "GET", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", State::Complete},
    {"A44_length_and_encoding", "GET",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", State::Malformed},
    {"A44_two_lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
     State::Malformed},
    {"A45_bare_lf", "GET", "HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n", State::Malformed},
    {"A45_nul", "GET", std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 28), State::Malformed},
    {"A45_fold", "GET", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", State::Malformed},
    {"A48_overflow", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
     State::Malformed},
    {"status_99", "GET", "HTTP/1.1 099 OK\r\n\r\n", State::Malformed},
    {"status_letters", "GET", "HTTP/1.1 2x0 OK\r\n\r\n", State::Malformed},
    {"not_http", "GET", "SSH-2.0-OpenSSH_9\r\n", State::Malformed},
};

class ResponseHead : public testing::TestWithParam<Case> {};

TEST_P(ResponseHead, isReadStrictly) {
  for (size_t cut = 0; cut <= GetParam().text.size(); ++cut) {
    ResponseParser parser(GetParam().method);
    std::string_view first = std::string_view(GetParam().text).substr(0, cut),
                     second = std::string_view(GetParam().text).substr(cut);
    State state = parser.feed(first);
    if (state == State::NeedMore) state = parser.feed(second);
    ASSERT_EQ(state, GetParam().state) << cut << ' ' << parser.error();
    if (state != State::Complete) continue;
    EXPECT_EQ(parser.response().framing.kind, GetParam().kind);
    EXPECT_EQ(parser.response().framing.length, GetParam().length);
  }
}

INSTANTIATE_TEST_SUITE_P(Checklist, ResponseHead, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Response, A45_hugeHead) {
  std::string text = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 30; ++i) text += "X" + std::to_string(i) + ": " + std::string(10000, 'a') + "\r\n";
  ResponseParser parser("GET");
  std::string_view input = text;
  EXPECT_EQ(parser.feed(input), State::Malformed);
}

TEST(Response, A46_anOldClientGetsNoChunks) {
  ResponseParser parser("GET");
  std::string_view input =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n";
  ASSERT_EQ(parser.feed(input), State::Complete);
  EXPECT_EQ(serialise_response(parser.response(), 0),
            "HTTP/1.1 200 OK\r\nX-End: 2\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(serialise_response(parser.response(), 1),
            "HTTP/1.1 200 OK\r\nX-End: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(Response, headKeepsTheLengthOfTheGet) {
  ResponseParser parser("HEAD");
  std::string_view input = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
  ASSERT_EQ(parser.feed(input), State::Complete);
  EXPECT_EQ(serialise_response(parser.response(), 1),
            "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace nemoclaw::http
