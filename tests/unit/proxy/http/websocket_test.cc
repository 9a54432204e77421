#include "proxy/http/websocket.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

using Step = WebSocketChecker::Step;

std::string frame(uint8_t first, const std::string& payload, bool masked = true, int length_bytes = -1) {
  std::string bytes(1, static_cast<char>(first));
  const size_t size = payload.size();
  int form = length_bytes >= 0 ? length_bytes : size > 65535 ? 8 : size > 125 ? 2 : 0;
  bytes += static_cast<char>((masked ? 0x80 : 0) | (form == 8   ? 127
                                                    : form == 2 ? 126
                                                                : static_cast<int>(size)));
  for (int i = form - 1; i >= 0; --i)
    bytes += static_cast<char>(static_cast<uint64_t>(size) >> (8 * i) & 0xff);
  const std::string mask = "\x11\x22\x33\x44";
  if (masked) bytes += mask;
  for (size_t i = 0; i < size; ++i)
    bytes += masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  return bytes;
}

// Everything that came through, and "text", "binary", "closed" or the close code.
struct Outcome {
  std::string out, events;
};

Outcome run(const std::string& bytes, bool masked = true, size_t piece = SIZE_MAX,
            uint64_t bytes_max = 1 << 20, std::shared_ptr<const MaskPatterns> secrets = nullptr) {
  WebSocketChecker checker(masked, bytes_max, std::move(secrets));
  Outcome outcome;
  for (size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
    std::string_view input = std::string_view(bytes).substr(at, piece);
    while (!input.empty()) {
      const Step step = checker.feed(input, outcome.out);
      if (step == Step::MessageStart) {
        outcome.events += checker.kind() == MessageKind::Text ? "text " : "binary ";
        // What was announced is let through, also if nothing follows in this piece.
        if (input.empty()) checker.feed(input, outcome.out);
      }
      if (step == Step::Closed) outcome.events += "closed ";
      if (step == Step::Failed) {
        outcome.events += std::to_string(checker.close_code());
        return outcome;
      }
    }
  }
  return outcome;
}

TEST(WebSocket, PassesWhatIsWellFormedAndSaysWhatStarts) {
  const std::string bytes = frame(0x81, "hello") + frame(0x89, "ping") + frame(0x01, "in ") +
                            frame(0x8a, "") + frame(0x00, "two ") + frame(0x80, "parts \xc3\xa9") +
                            frame(0x82, std::string(70000, 'x')) + frame(0x81, std::string(200, 'y')) +
                            frame(0x81, "") +
                            frame(0x88,
                                  "\x03\xe8"
                                  "bye");
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{1000}, SIZE_MAX}) {
    const Outcome outcome = run(bytes, true, piece);
    EXPECT_TRUE(outcome.out == bytes) << piece;
    EXPECT_EQ(outcome.events, "text text binary text text closed ") << piece;
  }
  const std::string server = frame(0x81, "hi", false) + frame(0x88, "", false);
  EXPECT_EQ(run(server, false, 1).out, server);
}

// D17
TEST(WebSocket, D17_RefusesWhatTwoReadersCouldTakeApart) {
  const struct {
    const char* name;
    std::string bytes;
    const char* events;
    bool masked = true;
  } cases[] = {
      {"unmasked client", frame(0x81, "x", false), "1002"},
      {"masked server", frame(0x81, "x", true), "1002", false},
      {"rsv1", frame(0xc1, "x"), "1002"},
      {"rsv3", frame(0x91, "x"), "1002"},
      {"reserved data opcode", frame(0x83, "x"), "1002"},
      {"reserved control opcode", frame(0x8b, "x"), "1002"},
      {"fragmented ping", frame(0x09, "x"), "1002"},
      {"long ping", frame(0x89, std::string(126, 'x')), "1002"},
      {"continuation of nothing", frame(0x80, "x"), "1002"},
      {"message in message", frame(0x01, "x") + frame(0x81, "y"), "text 1002"},
      {"length not minimal 2", frame(0x81, "x", true, 2), "1002"},
      {"length not minimal 8", frame(0x81, "x", true, 8), "1002"},
      {"2^63", std::string("\x82\xff\x80\0\0\0\0\0\0\0abcd", 14), "1002"},
      {"too long", std::string("\x82\xff\x00\0\0\0\x7f\0\0\0abcd", 14), "1009"},
      {"bad utf-8", frame(0x81, "\xc3("), "text 1007"},
      {"surrogate", frame(0x81, "\xed\xa0\x80"), "text 1007"},
      {"cut character", frame(0x81, "\xe2\x82"), "text 1007"},
      {"bad over fragments", frame(0x01, "\xe2") + frame(0x80, "("), "text 1007"},
      {"close with half a code", frame(0x88, "\x03"), "1002"},
      {"close 1005", frame(0x88, "\x03\xed"), "1002"},
      {"close 0", frame(0x88, std::string(2, '\0')), "1002"},
      {"close reason", frame(0x88, "\x03\xe8\xff"), "1007"},
      {"after close", frame(0x88, "\x03\xe8") + frame(0x81, "x"), "closed 1002"},
  };
  for (const auto& each : cases)
    for (const size_t piece : {size_t{1}, SIZE_MAX})
      EXPECT_EQ(run(each.bytes, each.masked, piece).events, each.events) << each.name;
  EXPECT_EQ(run(frame(0x01, std::string(600, 'a')) + frame(0x80, std::string(600, 'a')), true, SIZE_MAX, 1000)
                .events,
            "text 1009");
}

Request handshake() {
  Request request;
  request.method = "GET";
  request.path = "/chat";
  request.authority = {"example.com", 443, false};
  request.fields = {{"Upgrade", "websocket"},
                    {"Connection", "keep-alive, Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Extensions", "permessage-deflate"},
                    {"Sec-WebSocket-Protocol", "chat, superchat"}};
  return request;
}

// Whatever the cuts: what comes through has the length of what came, and no secret in it.
TEST(WebSocket, F18_SecretsInWhatAServerSaysAreMasked) {
  const auto secrets = std::make_shared<const MaskPatterns>(std::vector<std::string>{"s3cret-value"});
  const std::string stars(12, '*');
  struct Case {
    std::string came, passed;
  };
  const std::string ping = frame(0x89, "s3cret-value", false);
  for (const Case& each :
       {Case{frame(0x81, "a s3cret-value!", false), frame(0x81, "a " + stars + "!", false)},
        {frame(0x82, std::string("\0s3cret-value", 13), false), frame(0x82, std::string(1, '\0') + stars, false)},
        {frame(0x01, "x s3cr", false) + ping + frame(0x00, "et-v", false) + frame(0x80, "alue y", false),
         frame(0x01, "x ****", false) + frame(0x89, stars, false) + frame(0x00, "****", false) + frame(0x80, "**** y", false)},
        // The beginning of one that does not go on, and one that a message's end cuts.
        {frame(0x01, "s3cr", false) + frame(0x80, "umb", false), frame(0x01, "s3cr", false) + frame(0x80, "umb", false)},
        {frame(0x81, "s3cret-", false) + frame(0x81, "value", false), frame(0x81, "s3cret-", false) + frame(0x81, "value", false)},
        {frame(0x81, std::string(70000, 'x') + "s3cret-value", false), frame(0x81, std::string(70000, 'x') + stars, false)},
        {frame(0x01, "s3c", false) + frame(0x88, "\x03\xe8 s3cret-value", false),
         frame(0x01, "s3c", false) + frame(0x88, "\x03\xe8 " + stars, false)}})
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{7}, SIZE_MAX})
      EXPECT_EQ(run(each.came, false, piece, 1 << 20, secrets).out, each.passed) << each.came.substr(0, 60) << piece;
}

TEST(WebSocket, F18_NoMoreThanALittleWaitsForTheRestOfASecret) {
  const auto secrets = std::make_shared<const MaskPatterns>(std::vector<std::string>{"s3cret-value"});
  std::string bytes = frame(0x01, "s3c", false);
  for (int i = 0; i < 2000; ++i) bytes += frame(0x89, std::string(100, 'p'), false);
  EXPECT_EQ(run(bytes, false, SIZE_MAX, 1 << 20, secrets).events, "text 1002");
}

TEST(WebSocket, D16_HandshakeOfTheClient) {
  EXPECT_FALSE(websocket_request_problem(handshake()));
  const std::string head = serialise_websocket_request(handshake(), 443);
  EXPECT_EQ(head,
            "GET /chat HTTP/1.1\r\nHost: example.com\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\n\r\n");
  const auto refused = [](auto&& change) {
    Request request = handshake();
    change(request);
    return websocket_request_problem(request).has_value();
  };
  EXPECT_TRUE(refused([](Request& r) { r.method = "POST"; }));
  EXPECT_TRUE(refused([](Request& r) { r.minor_version = 0; }));
  EXPECT_TRUE(refused([](Request& r) { r.fields[1].value = "keep-alive"; }));
  EXPECT_TRUE(refused([](Request& r) { r.fields[2].value = "short"; }));
  EXPECT_TRUE(refused([](Request& r) { r.fields[3].value = "8"; }));
  EXPECT_TRUE(refused([](Request& r) { r.fields.push_back(r.fields[2]); }));
  EXPECT_TRUE(refused([](Request& r) { r.framing = {BodyKind::Length, 5}; }));
}

TEST(WebSocket, D16_HandshakeOfTheOrigin) {
  constexpr const char* kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
  const auto problem = [&](auto&& change) {
    Response response;
    response.status = 101;
    response.fields = {{"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Accept", kAccept},
                       {"Sec-WebSocket-Protocol", "superchat"}};
    change(response);
    return websocket_response_problem(handshake(), response, kAccept);
  };
  EXPECT_EQ(problem([](Response&) {}), "");
  EXPECT_NE(problem([](Response& r) { r.fields[0].value = "h2c"; }), "");
  EXPECT_NE(problem([](Response& r) { r.fields[1].value = "close"; }), "");
  EXPECT_NE(problem([](Response& r) { r.fields[2].value = "s3pPLMBiTxaQ9kYGzzhZRbK+xOp="; }), "");
  EXPECT_NE(problem([](Response& r) { r.fields[3].value = "other"; }), "");
  EXPECT_NE(problem([](Response& r) { r.fields.push_back({"Sec-WebSocket-Extensions", "x"}); }), "");
}

}  // namespace
}  // namespace nemoclaw::http
