// One end of a connection against raw frames: which messages it takes, which streams it resets, and when it
// ends the connection. Numbers are those of the attack checklist.
#include "proxy/http2/session.h"

#include <gtest/gtest.h>

#include "frames.h"

namespace nemoclaw::http2 {
namespace {

using namespace test;

struct Recorder : Events {
  std::string text;  // one word for each event
  std::vector<http::Request> requests;
  std::vector<http::Response> responses;
  std::map<int32_t, std::string> data;
  size_t written = 0;
  bool consumes = true;
  Session* session = nullptr;

  void say(const std::string& word) { text += (text.empty() ? "" : " ") + word; }
  void on_request(int32_t stream, http::Request request, bool ends) override {
    say("request" + std::to_string(stream) + (ends ? "." : ""));
    requests.push_back(std::move(request));
  }
  void on_response(int32_t stream, http::Response response, bool ends) override {
    say("response" + std::to_string(stream) + "=" + std::to_string(response.status) + (ends ? "." : ""));
    responses.push_back(std::move(response));
  }
  void on_oversized_head(int32_t stream) override { say("oversized" + std::to_string(stream)); }
  void on_malformed(int32_t stream, const std::string&) override {
    say("malformed" + std::to_string(stream));
  }
  void on_data(int32_t stream, std::string_view bytes) override {
    data[stream] += bytes;
    if (consumes) session->consume(stream, bytes.size());
  }
  void on_end(int32_t stream, Block trailers) override {
    say("end" + std::to_string(stream) + (trailers.empty() ? "" : "+" + trailers[0].name));
  }
  void on_close(int32_t stream, uint32_t code) override {
    say("close" + std::to_string(stream) + "=" + std::to_string(code));
  }
  void on_written(int32_t, size_t bytes) override { written += bytes; }
};

struct End {
  explicit End(Role role) : session(role, events) { events.session = &session; }
  // What the session says to this.
  std::vector<Frame> tell(std::string_view bytes) {
    alive = session.receive(bytes, now);
    return listen();
  }
  std::vector<Frame> listen() {
    std::string out;
    session.send(out, 16 << 20);
    return parse(out);
  }
  Recorder events;
  Session session;
  FloodGuard::Time now = FloodGuard::Time(std::chrono::seconds(1000));
  bool alive = true;
};

struct Server : End {
  Server() : End(Role::Server) { tell(std::string(kPreface) + settings() + frame(kSettings, kAck, 0)); }
};
struct Client : End {
  Client() : End(Role::Client) { tell(settings() + frame(kSettings, kAck, 0)); }
};

const Frame* find_frame(const std::vector<Frame>& frames, uint8_t type, uint32_t stream) {
  for (const Frame& each : frames)
    if (each.type == type && each.stream == stream) return &each;
  return nullptr;
}

uint32_t reset_code(const std::vector<Frame>& frames, uint32_t stream) {
  const Frame* reset = find_frame(frames, kReset, stream);
  return reset ? reset->code() : UINT32_MAX;
}
uint32_t goaway_code(const std::vector<Frame>& frames) {
  const Frame* goaway = find_frame(frames, kGoAway, 0);
  return goaway ? goaway->code() : UINT32_MAX;
}

Block with(Block block, const Block& more) {
  block.insert(block.end(), more.begin(), more.end());
  return block;
}

TEST(Http2Session, ARequestIsTheSameValueAsInHttp1) {
  Server server;
  server.tell(headers(
      1, with(get("/a?b=%20", "H.test:8443"), {{"x-one", "1"}, {"cookie", ""}, {"cookie", "a=1"}, {"cookie", "b=2"}, {"cookie", ""}})));
  ASSERT_EQ(server.events.requests.size(), 1u);
  const http::Request& request = server.events.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.authority.host, "H.test");
  EXPECT_EQ(request.authority.port, 8443);
  EXPECT_EQ(request.path, "/a?b=%20");
  EXPECT_EQ(request.framing.kind, http::BodyKind::None);
  ASSERT_EQ(request.fields.size(), 2u);
  EXPECT_EQ(request.fields[1].value, "a=1; b=2");
  EXPECT_EQ(server.events.text, "request1.");
}

TEST(Http2Session, BodiesTrailersAndAnswersPass) {
  Server server;
  server.tell(headers(1, post("/up"), false) + frame(kData, kNone, 1, "abc"));
  server.tell(frame(kData, kNone, 1, "def") + frame(kHeaders, kEndHeaders | kEndStream, 1,
                                                    encode({{"x-sum", "6"}, {"authorization", "late"}})));
  EXPECT_EQ(server.events.text, "request1 end1+x-sum");
  EXPECT_EQ(server.events.data[1], "abcdef");
  EXPECT_EQ(server.events.requests[0].framing.kind, http::BodyKind::Chunked);
  server.session.answer(1, {{":status", "103"}, {"link", "x"}}, false);
  server.session.answer(1, {{":status", "200"}}, false);
  server.session.write_data(1, "answer");
  server.session.finish(1, {{"grpc-status", "0"}});
  const std::vector<Frame> frames = server.listen();
  ASSERT_EQ(frames.size(), 4u);
  Decoder decoder;
  EXPECT_EQ(find(decoder.decode(frames[0].payload), ":status"), "103");
  EXPECT_EQ(find(decoder.decode(frames[1].payload), ":status"), "200");
  EXPECT_EQ(frames[2].payload, "answer");
  EXPECT_EQ(find(decoder.decode(frames[3].payload), "grpc-status"), "0");
  EXPECT_TRUE(frames[3].flags & kEndStream);
  EXPECT_EQ(server.events.written, 6u);
  EXPECT_EQ(server.events.text, "request1 end1+x-sum close1=0");
}

struct Bad {
  const char* name;
  Block block;
  std::string data = {};  // what follows, with the stream's end
};

class Http2BadRequest : public testing::TestWithParam<Bad> {};

// D3 to D6: the stream is reset, nothing of it is reported, and the next one is served.
TEST_P(Http2BadRequest, IsAStreamError) {
  Server server;
  const bool has_data = !GetParam().data.empty();
  std::string bytes = headers(1, GetParam().block, !has_data);
  if (has_data) bytes += frame(kData, kEndStream, 1, GetParam().data);
  const std::vector<Frame> frames = server.tell(bytes);
  EXPECT_EQ(reset_code(frames, 1), kProtocolError);
  EXPECT_EQ(server.events.text.find("end1"), std::string::npos) << server.events.text;
  if (!has_data) {
    EXPECT_EQ(server.events.text, "malformed1 close1=1");
  }
  EXPECT_TRUE(server.alive);
  server.events.text.clear();
  server.tell(headers(3, get()));
  EXPECT_EQ(server.events.text, "request3.");
}

const Block kMethod{{":method", "GET"}}, kScheme{{":scheme", "https"}}, kAuthority{{":authority", "h.test"}},
    kPath{{":path", "/a"}};

INSTANTIATE_TEST_SUITE_P(
    D, Http2BadRequest,
    testing::Values(
        Bad{"D3_host_differs", with(get(), {{"host", "other.test"}})},
        Bad{"D3_host_port_differs", with(get(), {{"host", "h.test:8443"}})},
        Bad{"D3_two_hosts", with(get(), {{"host", "h.test"}, {"host", "h.test"}})},
        Bad{"D3_two_methods", with(with(with(with(kMethod, kMethod), kScheme), kAuthority), kPath)},
        Bad{"D3_two_paths", with(get(), {{":path", "/b"}})},
        Bad{"D3_two_authorities", with(with(kAuthority, get()), {})},
        Bad{"D3_no_method", with(with(kScheme, kAuthority), kPath)},
        Bad{"D3_no_scheme", with(with(kMethod, kAuthority), kPath)},
        Bad{"D3_no_authority", with(with(kMethod, kScheme), kPath)},
        Bad{"D3_host_alone", with(with(with(kMethod, kScheme), kPath), {{"host", "h.test"}})},
        Bad{"D3_no_path", with(with(kMethod, kScheme), kAuthority)},
        Bad{"D3_pseudo_after_regular",
            with(with(with(kMethod, kScheme), {{"x-a", "1"}}), with(kAuthority, kPath))},
        Bad{"D3_unknown_pseudo", with({{":secret", "1"}}, get())},
        Bad{"D3_status_in_a_request", with({{":status", "200"}}, get())},
        Bad{"D3_scheme_http",
            {{":method", "GET"}, {":scheme", "http"}, {":authority", "h.test"}, {":path", "/"}}},
        Bad{"D3_userinfo", get("/a", "user@h.test")}, Bad{"D3_empty_authority", get("/a", "")},
        Bad{"D3_space_in_authority", get("/a", "h.test evil")},
        Bad{"D4_line_feed_in_value", with(get(), {{"x-a", "1\nhost: evil"}})},
        Bad{"D4_carriage_return_in_value", with(get(), {{"x-a", "1\rb"}})},
        Bad{"D4_nul_in_value", with(get(), {{"x-a", std::string("1\0b", 3)}})},
        Bad{"D4_upper_case_name", with(get(), {{"X-a", "1"}})},
        Bad{"D4_colon_in_name", with(get(), {{"x:a", "1"}})},
        Bad{"D4_space_in_name", with(get(), {{"x a", "1"}})},
        Bad{"D4_line_end_in_name", with(get(), {{"x-a: 1\r\nhost", "evil"}})},
        Bad{"D4_empty_name", with(get(), {{"", "1"}})},
        Bad{"D4_space_before_value", with(get(), {{"x-a", " 1"}})},
        Bad{"D4_tab_behind_value", with(get(), {{"x-a", "1\t"}})},
        Bad{"D4_imitated_length", with(get(), {{"content_length", "5"}})},
        Bad{"D4_line_feed_in_path", get("/a\n/b")},
        Bad{"D4_line_end_in_method",
            with({{":method", "GET / HTTP/1.1\r\n"}}, with(kScheme, with(kAuthority, kPath)))},
        Bad{"D5_length_without_body", with(post(), {{"content-length", "5"}})},
        Bad{"D5_body_shorter", with(post(), {{"content-length", "5"}}), "abcd"},
        Bad{"D5_body_longer", with(post(), {{"content-length", "5"}}), "abcdef"},
        Bad{"D5_two_lengths", with(post(), {{"content-length", "5"}, {"content-length", "5"}}), "abcde"},
        Bad{"D5_length_as_list", with(post(), {{"content-length", "5, 5"}}), "abcde"},
        Bad{"D5_length_with_sign", with(post(), {{"content-length", "+5"}}), "abcde"},
        Bad{"D5_length_with_zero", with(post(), {{"content-length", "05"}}), "abcde"},
        Bad{"D5_te_gzip", with(get(), {{"te", "trailers, gzip"}})},
        Bad{"D5_transfer_encoding", with(post(), {{"transfer-encoding", "chunked"}})},
        Bad{"D5_connection", with(get(), {{"connection", "close"}})},
        Bad{"D5_keep_alive", with(get(), {{"keep-alive", "1"}})},
        Bad{"D5_proxy_connection", with(get(), {{"proxy-connection", "close"}})},
        Bad{"D1_upgrade", with(get(), {{"upgrade", "h2c"}})}, Bad{"D6_empty_path", get("")},
        Bad{"D6_asterisk", get("*")}, Bad{"D6_absolute", get("https://h.test/a")},
        Bad{"D6_space", get("/a b")}, Bad{"D6_fragment", get("/a#b")}, Bad{"D6_backslash", get("/a\\b")},
        Bad{"D6_non_ascii", get("/\xc3\xa4")}, Bad{"D6_relative", get("a")},
        Bad{"D6_connect", {{":method", "CONNECT"}, {":authority", "h.test:443"}}},
        Bad{"D6_connect_with_path", with({{":method", "CONNECT"}}, with(kScheme, with(kAuthority, kPath)))},
        Bad{"D7_extended_connect", with({{":method", "CONNECT"}, {":protocol", "websocket"}},
                                        with(kScheme, with(kAuthority, kPath)))},
        Bad{"A30_long_method",
            with({{":method", std::string(33, 'A')}}, with(kScheme, with(kAuthority, kPath)))},
        Bad{"A27_expect", with(post(), {{"expect", "more"}})},
        Bad{"two_authorizations", with(get(), {{"authorization", "a"}, {"authorization", "b"}})}),
    [](const testing::TestParamInfo<Bad>& each) { return std::string(each.param.name); });

TEST(Http2Session, D8_StreamsThatAreOnlyOpenedAndResetEndTheConnection) {
  Server server;
  uint32_t stream = 1;
  std::vector<Frame> frames;
  for (; server.alive && stream < 20'000; stream += 2)
    frames = server.tell(headers(stream, get()) + frame(kReset, kNone, stream, number(kCancel, 4)));
  EXPECT_EQ(goaway_code(frames), kEnhanceYourCalm);
  EXPECT_LT(stream, 2000u);
  EXPECT_LE(server.events.requests.size(), 1000u);
}

TEST(Http2Session, D8_StreamsThatWeMustResetCountAsWell) {
  Server server;
  uint32_t stream = 1;
  std::vector<Frame> frames;
  for (; server.alive && stream < 20'000; stream += 2) frames = server.tell(headers(stream, get("no path")));
  EXPECT_EQ(goaway_code(frames), kEnhanceYourCalm);
  EXPECT_LT(stream, 2000u);
}

TEST(Http2Session, D8_AClientThatCancelsNowAndThenIsServed) {
  Server server;
  uint32_t stream = 1;
  for (; stream < 10'000; stream += 2) {
    server.now += std::chrono::milliseconds(25);
    server.tell(headers(stream, get()) + frame(kReset, kNone, stream, number(kCancel, 4)));
  }
  EXPECT_TRUE(server.alive);
}

// Frames that cost us something and the sender nothing: bounded work, then the end.
TEST(Http2Session, D9_FloodsEndTheConnection) {
  const std::string first = headers(1, post(), false);
  const struct {
    const char* name;
    std::string before, each;
  } cases[] = {
      {"PING", "", frame(kPing, kNone, 0, "12345678")},
      {"SETTINGS", "", settings()},
      {"empty DATA", first, frame(kData, kNone, 1)},
      {"padding alone", first, frame(kData, kPadded, 1, std::string("\x02\0\0", 3))},
      {"WINDOW_UPDATE", "", frame(kWindow, kNone, 0, number(1, 4))},
      {"PRIORITY", "", frame(kPriority, kNone, 1, number(0, 4) + "\x10")},
  };
  for (const auto& each : cases) {
    Server server;
    server.tell(each.before);
    std::string many;
    for (int i = 0; i < 500; ++i) many += each.each;
    int rounds = 0;
    std::vector<Frame> frames;
    for (; server.alive && rounds < 1000; ++rounds) frames = server.tell(many);
    EXPECT_LE(rounds, 25) << each.name;
    EXPECT_EQ(goaway_code(frames), kEnhanceYourCalm) << each.name;
    EXPECT_FALSE(server.session.receive(many, server.now)) << each.name;
  }
}

TEST(Http2Session, D9_AcknowledgementsThatNobodyReadsAreBounded) {
  Server server;
  bool alive = true;
  int pings = 0;
  for (; alive && pings < 100'000; ++pings)
    alive = server.session.receive(frame(kPing, kNone, 0, "12345678"), server.now);
  EXPECT_LE(pings, 1100);
}

TEST(Http2Session, D9_ContinuationsAreBounded) {
  Server server;
  std::vector<Frame> frames = server.tell(frame(kHeaders, kEndStream, 1, encode(get())));
  EXPECT_TRUE(server.session.is_reading_head());
  int count = 0;
  for (; server.alive && count < 1000; ++count)
    frames = server.tell(frame(kContinuation, kNone, 1, encode({{"x-a", std::string(8000, 'a')}})));
  EXPECT_LE(count, 10);
  EXPECT_NE(goaway_code(frames), UINT32_MAX);
}

TEST(Http2Session, D9_AnHpackBombIsRefusedAndTheTablesStayTheSame) {
  Server server;
  // One field of 4000 bytes into the table (6.2.1), then a reference to it (6.1) a thousand times.
  const std::string entry = std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'b');
  server.tell(
      frame(kHeaders, kEndHeaders | kEndStream, 1, encode(get()) + entry + std::string(1000, '\xbe')));
  EXPECT_EQ(server.events.text, "oversized1");
  server.tell(frame(kHeaders, kEndHeaders | kEndStream, 3, encode(get()) + "\xbe"));
  ASSERT_EQ(server.events.requests.size(), 1u);
  EXPECT_EQ(server.events.requests[0].fields[0].value, std::string(4000, 'b'));
}

TEST(Http2Session, D9_TooManyFieldsAreRefused) {
  Server server;
  Block block = get();
  for (int i = 0; i < 100; ++i) block.push_back({"x", "1"});
  server.tell(headers(1, block));
  EXPECT_EQ(server.events.text, "oversized1");
}

TEST(Http2Session, D9_AWindowBeyondItsMaximumIsAnError) {
  Server server;
  const std::vector<Frame> frames = server.tell(frame(kWindow, kNone, 0, number(0x7fffffff, 4)));
  EXPECT_EQ(goaway_code(frames), 3u);  // FLOW_CONTROL_ERROR
}

// A window of one byte is slow, and holds no more than what was given to be sent.
TEST(Http2Session, D9_AWindowOfOneByteGetsOneByteAtATime) {
  End server(Role::Server);
  server.tell(std::string(kPreface) + settings({{4, 1}}));
  server.tell(headers(1, get()));
  server.session.answer(1, {{":status", "200"}}, false);
  server.session.write_data(1, "abc");
  const std::vector<Frame> first = server.listen();
  ASSERT_NE(find_frame(first, kData, 1), nullptr);
  EXPECT_EQ(find_frame(first, kData, 1)->payload, "a");
  EXPECT_EQ(server.session.unsent(1), 2u);
  const std::vector<Frame> second = server.tell(frame(kWindow, kNone, 1, number(1, 4)));
  EXPECT_EQ(find_frame(second, kData, 1)->payload, "b");
}

TEST(Http2Session, D10_AlienTableSizesAndHuffmanPaddingAreCompressionErrors) {
  const std::string bad[] = {
      std::string("\x3f\xe2\x1f", 3) + encode(get()),                      // a table of 4097 bytes
      encode(get()) + std::string("\x00\x01x\x84\xff\xff\xff\xff", 8),     // the end-of-string code
      encode(get()) + std::string("\x00\x01x\x82\x1f\xff", 6),             // padding longer than 7 bits
      encode(get()) + std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8),  // an index that overflows
      encode(get()) + std::string("\xbe", 1),                              // an empty table's first entry
  };
  for (const std::string& block : bad) {
    Server server;
    const std::vector<Frame> frames = server.tell(frame(kHeaders, kEndHeaders | kEndStream, 1, block));
    EXPECT_EQ(goaway_code(frames), 9u) << testing::PrintToString(block);
    EXPECT_TRUE(server.session.is_over());
    EXPECT_TRUE(server.events.requests.empty());
  }
}

TEST(Http2Session, D13_AnOriginThatPushesIsLeft) {
  Client client;
  ASSERT_EQ(client.session.open(get(), true), 1);
  client.listen();
  const std::vector<Frame> frames =
      client.tell(frame(kPush, kEndHeaders, 1, number(2, 4) + encode(get("/pushed"))));
  EXPECT_EQ(goaway_code(frames), kProtocolError);
  EXPECT_FALSE(client.alive);
}

TEST(Http2Session, AnOriginsAnswerPassesAndABadOneIsReported) {
  Client client;
  ASSERT_EQ(client.session.open(get(), true), 1);
  ASSERT_EQ(client.session.open(get(), true), 3);
  ASSERT_EQ(client.session.open(get(), true), 5);
  client.listen();
  client.tell(headers(1, {{":status", "103"}}, false) +
              headers(1, {{":status", "200"}, {"alt-svc", "h3"}, {"x", "y"}}, false) +
              frame(kData, kEndStream, 1, "ok"));
  EXPECT_EQ(client.events.text, "response1=103 response1=200 end1 close1=0");
  ASSERT_EQ(client.events.responses.back().fields.size(), 1u);
  client.events.text.clear();
  client.tell(headers(3, {{":status", "200"}, {"x", "1\r\nset-cookie: a"}}));
  EXPECT_EQ(client.events.text, "malformed3 close3=0");
  client.events.text.clear();
  client.tell(headers(5, {{":status", "200"}, {"content-length", "9"}}, false) +
              frame(kData, kEndStream, 5, "ok"));
  EXPECT_EQ(client.events.text, "response5=200 close5=1");
}

TEST(Http2Session, NoMoreIsReadThanTheOtherSideTakes) {
  Server server;
  server.events.consumes = false;
  server.tell(headers(1, post(), false));
  const std::string piece = frame(kData, kNone, 1, std::string(16384, 'x'));
  std::vector<Frame> frames;
  for (int i = 0; i < 16; ++i) {
    frames = server.tell(piece);
    EXPECT_EQ(find_frame(frames, kWindow, 1), nullptr) << i;
  }
  ASSERT_EQ(server.events.data[1].size(), 256u << 10);  // the stream's window
  server.session.consume(1, 200 << 10);
  frames = server.listen();
  ASSERT_NE(find_frame(frames, kWindow, 1), nullptr);
  EXPECT_TRUE(server.alive);
}

TEST(Http2Session, ADeniedUploadIsStoppedAfterItsAnswer) {
  Server server;
  server.tell(headers(1, post(), false) + headers(3, post(), false));
  server.session.answer(1, {{":status", "403"}}, false);
  server.session.write_data(1, "no");
  server.session.finish(1);
  server.session.discard_rest(1);
  std::vector<Frame> frames = server.listen();
  ASSERT_NE(find_frame(frames, kData, 1), nullptr);
  EXPECT_EQ(find_frame(frames, kData, 1)->payload, "no");
  int pieces = 0;
  for (; pieces < 100 && reset_code(frames, 1) == UINT32_MAX; ++pieces)
    frames = server.tell(frame(kData, kNone, 1, std::string(16384, 'x')));
  EXPECT_EQ(reset_code(frames, 1), kNoError);
  EXPECT_EQ(pieces, 17);  // more than 256 KiB
  server.tell(frame(kData, kEndStream, 1, "late") + frame(kData, kEndStream, 3, "abc"));
  EXPECT_EQ(server.events.data.count(1), 0u);
  EXPECT_EQ(server.events.data[3], "abc");
  EXPECT_TRUE(server.alive);
}

TEST(Http2Session, ADeniedUploadThatEndsSoonIsNotReset) {
  Server server;
  server.tell(headers(1, post(), false));
  server.session.answer(1, {{":status", "403"}}, true);
  server.session.discard_rest(1);
  server.listen();
  const std::vector<Frame> frames = server.tell(frame(kData, kEndStream, 1, "rest"));
  EXPECT_EQ(reset_code(frames, 1), UINT32_MAX);
  EXPECT_EQ(server.events.text, "request1 close1=0");
}

TEST(Http2Session, ShutsDownWhenTheLastStreamHasEnded) {
  Server server;
  server.tell(headers(1, get()));
  server.session.shut_down(kNoError);
  EXPECT_EQ(goaway_code(server.listen()), kNoError);
  EXPECT_FALSE(server.session.is_over());
  server.session.answer(1, {{":status", "200"}}, true);
  server.listen();
  EXPECT_TRUE(server.session.is_over());
}

// The verdict does not depend on how the bytes were cut.
TEST(Http2Session, AnyCutOfTheBytesIsTheSame) {
  const std::string bytes = std::string(kPreface) + settings() + headers(1, get()) +
                            headers(3, post(), false) + frame(kData, kEndStream, 3, "abc") +
                            headers(5, get("bad")) + headers(7, get("/seven"));
  std::string expected;
  for (size_t piece : {bytes.size(), size_t{1}, size_t{2}, size_t{7}, size_t{61}}) {
    End server(Role::Server);
    for (size_t at = 0; at < bytes.size(); at += piece) server.tell(bytes.substr(at, piece));
    std::string text = server.events.text;
    text.erase(text.find(" close5=1"), 9);  // when it is reported depends on when we could write
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected) << piece;
    EXPECT_EQ(server.events.data[3], "abc");
  }
  EXPECT_EQ(expected, "request1. request3 end3 malformed5 request7.");
}

}  // namespace
}  // namespace nemoclaw::http2
