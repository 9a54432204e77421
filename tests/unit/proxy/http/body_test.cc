#include "proxy/http/body.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

using State = BodyDecoder::State;

struct Outcome {
  State state;
  std::string content, rest;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const Framing& framing, const std::vector<std::string_view>& pieces) {
  BodyDecoder decoder(framing);
  Outcome outcome{decoder.state(), "", ""};
  for (std::string_view piece : pieces) {
    decoder.feed(piece, outcome.content);
    outcome.rest += piece;
  }
  outcome.state = decoder.state();
  if (outcome.state == State::Malformed) outcome.rest.clear();
  return outcome;
}

Outcome run_all_ways(const Framing& framing, const std::string& text) {
  const Outcome whole = run(framing, {text});
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_TRUE(whole ==
                run(framing, {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}))
        << cut;
  return whole;
}

constexpr Framing kChunked{BodyKind::Chunked, 0};

TEST(Body, chunkedContentWithoutItsFrames) {
  const Outcome outcome =
      run_all_ways(kChunked, "5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nGET /");
  EXPECT_EQ(outcome.state, State::Complete);
  EXPECT_EQ(outcome.content, "hello0123456789");
  EXPECT_EQ(outcome.rest, "GET /");
}

TEST(Body, lengthTakesNoByteMore) {
  const Outcome outcome = run_all_ways(Framing{BodyKind::Length, 5}, "helloGET /");
  EXPECT_EQ(outcome.state, State::Complete);
  EXPECT_EQ(outcome.content, "hello");
  EXPECT_EQ(outcome.rest, "GET /");
}

struct Bad {
  const char* name;
  std::string text;
};

const Bad kBad[] = {
    {"A15_empty_size", "\r\nhello\r\n"},
    {"A15_hex_prefix", "0x5\r\nhello\r\n"},
    {"A15_plus", "+5\r\nhello\r\n"},
    {"A15_minus", "-5\r\nhello\r\n"},
    {"A15_leading_space", " 5\r\nhello\r\n"},
    {"A15_trailing_space", "5 \r\nhello\r\n"},
    {"A15_underscore", "5_0\r\nhello\r\n"},
    {"A15_suffix", "5g\r\nhello\r\n"},
    {"A15_17_digits", "00000000000000005\r\nhello\r\n"},
    {"A48_overflow", "FFFFFFFFFFFFFFFF\r\nhello\r\n"},
    {"A16_bare_lf", "5\nhello\r\n"},
    {"A16_bare_cr", "5\rhello\r\n"},
    {"A16_cr_cr_lf", "5\r\r\nhello\r\n"},
    {"A17_long_extension", "5;" + std::string(5000, 'a') + "\r\nhello\r\n"},
    {"A17_lf_in_extension", "5;a\nb\r\nhello\r\n"},
    {"A17_space_before_extension", "5 ; a\r\nhello\r\n"},
    {"A18_no_crlf_after_data", "5\r\nhelloXX0\r\n\r\n"},
    {"A18_lf_after_data", "5\r\nhello\n0\r\n\r\n"},
    {"A18_cr_x_after_data", "5\r\nhello\rX0\r\n\r\n"},
    {"A20_folded_trailer", "0\r\n X: y\r\n\r\n"},
    {"A20_trailer_without_colon", "0\r\nX\r\n\r\n"},
};

class BadBody : public testing::TestWithParam<Bad> {};

TEST_P(BadBody, isMalformedHoweverItIsCut) {
  EXPECT_EQ(run_all_ways(kChunked, GetParam().text).state, State::Malformed);
}

INSTANTIATE_TEST_SUITE_P(Checklist, BadBody, testing::ValuesIn(kBad),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Body, A17_extensionBytesAddUpOverChunks) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += "1;" + std::string(600, 'e') + "\r\nx\r\n";
  EXPECT_EQ(run(kChunked, {text}).state, State::Malformed);
}

TEST(Body, A21_trailersAreBounded) {
  std::string text = "0\r\n";
  for (int i = 0; i < 100; ++i) text += "X: " + std::string(100, 'a') + "\r\n";
  EXPECT_EQ(run(kChunked, {text}).state, State::Malformed);
}

TEST(Body, A19_anEarlyEndIsMalformedUnlessTheFramingSaysSo) {
  for (const Framing& framing : {kChunked, Framing{BodyKind::Length, 10}}) {
    BodyDecoder decoder(framing);
    std::string_view input = "5\r\nhello";
    std::string content;
    decoder.feed(input, content);
    EXPECT_EQ(decoder.end_of_stream(), State::Malformed);
  }
  BodyDecoder decoder(Framing{BodyKind::UntilClose, 0});
  std::string_view input = "any";
  std::string content;
  EXPECT_EQ(decoder.feed(input, content), State::NeedMore);
  EXPECT_EQ(decoder.end_of_stream(), State::Complete);
  EXPECT_EQ(content, "any");
}

TEST(Body, chunksAreWrittenAnew) {
  EXPECT_EQ(encode_chunk("hello, world, hello"), "13\r\nhello, world, hello\r\n");
  EXPECT_EQ(encode_chunk(""), "");
}

}  // namespace
}  // namespace nemoclaw::http
