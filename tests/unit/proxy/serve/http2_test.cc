// The calls of one HTTP/2 connection: raw frames of a client and of an origin, a policy between them. Numbers
// are those of the attack checklist.
#include "proxy/serve/http2.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "../http2/frames.h"
#include "policy/parse/parse.h"
#include "proxy/serve/calls.h"
#include "runtime/base/json.h"

namespace nemoclaw::serve {
namespace {

using namespace http2::test;
using http2::Block;
using net::tcp;

constexpr const char* kPolicy =
    "version: 1\nnetwork_policies:\n  api:\n    endpoints:\n"
    "      - host: h.test\n        port: 443\n        protocol: rest\n        rules:\n"
    "          - {allow: {method: GET, path: /**}}\n          - {allow: {method: POST, path: /up}}\n"
    "          - {allow: {method: POST, path: /pkg.Svc/Allowed}}\n"
    "      - host: h.test\n        port: 443\n        path: /graphql\n        protocol: graphql\n        "
    "rules:\n"
    "          - {allow: {operation_type: query, fields: [viewer]}}\n";

std::shared_ptr<const policy::Engine> compile(const std::string& text) {
  policy::ParseOutcome outcome = policy::parse_policy(text, "p.yaml");
  EXPECT_TRUE(outcome.policy) << (outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].message);
  auto engine = policy::Engine::compile(*outcome.policy);
  EXPECT_TRUE(engine) << engine.error().message;
  return *engine;
}

class Http2Calls : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/http2-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    auto container = std::make_shared<enforce::Container>();
    container->engine = compile(kPolicy);
    container->subject = {"c", "p", "d", 1};
    context_ = std::make_unique<enforce::Context>(
        container, peer::Identifier(std::move(*peer::SocketQuery::create()), {"c", {directory_}}),
        std::move(*audit::Log::open(directory_ + "/audit.jsonl", audit::Origin{"s", container->subject})));
    context_->decision_prefix = "t";
    connection_.via = "connect";
    connection_.container = container;
    connection_.request.host = "h.test";
    connection_.request.port = 443;
    connection_.request.caller.binary = "/bin/client";
    connection_.addresses = {asio::ip::make_address("93.184.216.34")};
    connection_.judged_by = container->engine;
    connection_.is_tls = true;
    calls_ = std::make_unique<Calls>(*context_, connection_, bytes_);
    from_client(std::string(kPreface) + settings() + frame(kSettings, kAck, 0));
    from_origin(settings() + frame(kSettings, kAck, 0));
  }
  void TearDown() override {
    calls_.reset();
    std::filesystem::remove_all(directory_);
  }

  // What both sides are told then.
  void from_client(const std::string& bytes) {
    alive_ = calls_->client().receive(bytes, now_);
    exchange();
  }
  void from_origin(const std::string& bytes) {
    calls_->origin().receive(bytes, now_);
    calls_->watch_origin();
    exchange();
  }
  void exchange() {
    client_.clear();
    origin_.clear();
    for (int round = 0; round < 4; ++round) {
      std::string to_client, to_origin;
      calls_->client().send(to_client, 64 << 20);
      calls_->origin().send(to_origin, 64 << 20);
      for (Frame& each : parse(to_client)) client_.push_back(std::move(each));
      for (Frame& each : parse(to_origin)) origin_.push_back(std::move(each));
    }
  }
  static std::string data_of(const std::vector<Frame>& frames, uint32_t stream) {
    std::string data;
    for (const Frame& each : frames)
      if (each.type == kData && each.stream == stream) data += each.payload;
    return data;
  }
  static const Frame* frame_of(const std::vector<Frame>& frames, uint8_t type, uint32_t stream) {
    for (const Frame& each : frames)
      if (each.type == type && each.stream == stream) return &each;
    return nullptr;
  }
  // The head that came for this stream, once.
  Block head(std::vector<Frame>& frames, Decoder& decoder, uint32_t stream) {
    for (const Frame& each : frames)
      if (each.type == kHeaders && each.stream == stream) return decoder.decode(each.payload);
    return {};
  }
  std::string status(uint32_t stream) {
    const Block block = head(client_, to_client_, stream);
    return find(block, ":status");
  }
  std::string audit() const {
    std::ifstream in(directory_ + "/audit.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string directory_;
  std::unique_ptr<enforce::Context> context_;
  enforce::Connection connection_;
  net::RelayBytes bytes_;
  std::unique_ptr<Calls> calls_;
  Calls::Time now_ = std::chrono::steady_clock::now();
  std::vector<Frame> client_, origin_;
  Decoder to_client_, to_origin_;
  bool alive_ = true;
};

TEST_F(Http2Calls, ARequestGoesOnAnewAndItsAnswerComesBack) {
  Block block = get("/%61/../b?q=1");
  block.push_back({"te", "trailers"});
  block.push_back({"proxy-authorization", "secret"});
  from_client(headers(1, block));
  const Block sent = head(origin_, to_origin_, 1);
  EXPECT_EQ(find(sent, ":path"), "/b?q=1");  // the canonical target is what goes on
  EXPECT_EQ(find(sent, ":authority"), "h.test");
  EXPECT_EQ(find(sent, "te"), "trailers");
  EXPECT_EQ(find(sent, "proxy-authorization"), "");
  from_origin(headers(1, {{":status", "200"}, {"alt-svc", "h3"}, {"x-a", "b"}}, false) +
              frame(kData, kNone, 1, "bo"));
  const Block answer = head(client_, to_client_, 1);
  EXPECT_EQ(find(answer, ":status"), "200");
  EXPECT_EQ(find(answer, "x-a"), "b");
  EXPECT_EQ(find(answer, "alt-svc"), "");  // C20
  EXPECT_EQ(data_of(client_, 1), "bo");
  from_origin(frame(kHeaders, kEndHeaders | kEndStream, 1, encode({{"x-sum", "2"}})));
  EXPECT_EQ(find(head(client_, to_client_, 1), "x-sum"), "2");
  EXPECT_TRUE(calls_->empty());
}

TEST_F(Http2Calls, D11_ADeniedStreamDoesNotDisturbItsSiblings) {
  from_client(headers(1, post("/up"), false) + headers(3, post("/denied"), false) +
              frame(kData, kNone, 1, "abc") + frame(kData, kNone, 3, "xyz"));
  EXPECT_EQ(status(3), "403");
  EXPECT_NE(data_of(client_, 3).find("POST /denied not permitted by policy"), std::string::npos);
  EXPECT_EQ(frame_of(client_, kReset, 3), nullptr);
  EXPECT_EQ(data_of(origin_, 1), "abc");
  EXPECT_EQ(frame_of(origin_, kHeaders, 3), nullptr);
  from_client(frame(kData, kEndStream, 1, "def"));
  EXPECT_EQ(data_of(origin_, 1), "def");
  from_origin(headers(1, {{":status", "201"}}));
  EXPECT_EQ(status(1), "201");
  EXPECT_TRUE(alive_);
  EXPECT_NE(audit().find("/denied"), std::string::npos);
}

TEST_F(Http2Calls, D12_AnotherAuthorityIsMisdirected) {
  from_client(headers(1, get("/", "other.test")) + headers(3, get("/", "h.test:8443")) +
              headers(5, get("/")));
  EXPECT_EQ(status(1), "421");
  EXPECT_EQ(status(3), "421");
  EXPECT_NE(frame_of(origin_, kHeaders, 1), nullptr);
  EXPECT_EQ(frame_of(origin_, kHeaders, 3), nullptr);  // one request reached the origin
}

TEST_F(Http2Calls, D14_GrpcGetsItsStatusAndTheCanonicalPathIsJudged) {
  const auto call = [](const std::string& path, const std::string& type) {
    Block block = post(path);
    block.push_back({"content-type", type});
    block.push_back({"te", "trailers"});
    return block;
  };
  from_client(headers(1, call("/pkg.Svc/Allowed", "application/grpc+proto"), false));
  EXPECT_EQ(find(head(origin_, to_origin_, 1), "te"), "trailers");
  const char* denied[] = {"/pkg.Svc/Denied", "/pkg.svc/allowed", "/pkg.Svc%2FAllowed", "/pkg.Svc/Allowed/x"};
  uint32_t stream = 3;
  for (const char* path : denied) {
    from_client(headers(stream, call(path, "application/grpc"), false));
    const Block answer = head(client_, to_client_, stream);
    EXPECT_EQ(find(answer, ":status"), "200") << path;
    EXPECT_EQ(find(answer, "content-type"), "application/grpc");
    EXPECT_EQ(find(answer, "grpc-status"), std::string(path).find('%') == std::string::npos ? "7" : "3")
        << path;
    EXPECT_NE(find(answer, "grpc-message").find("decision t-"), std::string::npos);
    EXPECT_TRUE(frame_of(client_, kHeaders, stream)->flags & kEndStream);
    EXPECT_EQ(frame_of(origin_, kHeaders, 3), nullptr);
    stream += 2;
  }
  // One way to write it is the same method.
  from_client(headers(stream, call("//pkg.Svc/./Allowed", "application/grpc"), false));
  EXPECT_EQ(find(head(origin_, to_origin_, 3), ":path"), "/pkg.Svc/Allowed");
}

TEST_F(Http2Calls, D15_GrpcWebIsJudgedByItsPathAndReadsTheBody) {
  Block block = post("/pkg.Svc/Denied");
  block.push_back({"content-type", "application/grpc-web+proto"});
  from_client(headers(1, block, false));
  EXPECT_EQ(status(1), "200");
  EXPECT_NE(data_of(client_, 1).find("grpc-status: 7\r\ngrpc-message: policy_denied"), std::string::npos);
}

TEST_F(Http2Calls, BodiesAreJudgedWholeBeforeAnythingGoesOn) {
  const Block json{{"content-type", "application/json"}};
  from_client(headers(1, post("/graphql", json), false) + frame(kData, kNone, 1, R"({"query":"{ vie)"));
  EXPECT_TRUE(origin_.empty());
  from_client(frame(kData, kEndStream, 1, R"(wer { id } }"})"));
  EXPECT_EQ(find(head(origin_, to_origin_, 1), "content-length"), "29");
  EXPECT_EQ(data_of(origin_, 1), R"({"query":"{ viewer { id } }"})");
  from_client(headers(3, post("/graphql", json), false) +
              frame(kData, kEndStream, 3, R"({"query":"{ secret }"})"));
  EXPECT_EQ(status(3), "403");
  EXPECT_EQ(frame_of(origin_, kHeaders, 3), nullptr);
}

class Store final : public enforce::Secrets {
 public:
  Result<std::string> read(std::string_view name) override {
    if (name == "token") return std::string("s3cr3t-value");
    return make_error("no such secret");
  }
};

TEST_F(Http2Calls, F17_F18_SecretsArePutInAndMasked) {
  context_->secrets = std::make_unique<Store>();
  connection_.container->engine =
      compile(std::string(kPolicy) +
              "credentials:\n  - {secret: token, host: h.test, header: authorization}\n"
              "  - {secret: token, host: h.test, body: true}\n");
  Block block = post("/up", {{"content-type", "application/json"}});
  block.push_back({"authorization", "Bearer nemoclaw:secret:token"});
  from_client(headers(1, block, false) + frame(kData, kEndStream, 1, R"({"key":"nemoclaw:secret:token"})"));
  const Block sent = head(origin_, to_origin_, 1);
  EXPECT_EQ(find(sent, "authorization"), "Bearer s3cr3t-value");
  EXPECT_EQ(find(sent, "accept-encoding"), "identity");
  EXPECT_EQ(find(sent, "content-length"), "22");
  EXPECT_EQ(data_of(origin_, 1), R"({"key":"s3cr3t-value"})");
  from_origin(headers(1, {{":status", "200"}, {"x-came", "s3cr3t-value"}}, false) +
              frame(kData, kNone, 1, "is s3cr3t-"));
  EXPECT_EQ(find(head(client_, to_client_, 1), "x-came"), "************");
  EXPECT_EQ(data_of(client_, 1), "is ");
  from_origin(frame(kData, kNone, 1, "value, ") +
              frame(kHeaders, kEndHeaders | kEndStream, 1, encode({{"x-sum", "s3cr3t-value"}})));
  EXPECT_EQ(data_of(client_, 1), "************, ");
  EXPECT_EQ(find(head(client_, to_client_, 1), "x-sum"), "************");

  block = get("/");
  block.push_back({"x-other", "nemoclaw:secret:token"});
  from_client(headers(3, block));
  EXPECT_EQ(status(3), "403");
  EXPECT_EQ(frame_of(origin_, kHeaders, 3), nullptr);

  from_client(headers(5, get("/")));
  from_origin(headers(3, {{":status", "103"}, {"link", "s3cr3t-value"}}, false));
  EXPECT_EQ(find(head(client_, to_client_, 5), "link"), "************");
  from_origin(headers(3, {{":status", "200"}, {"content-encoding", "gzip"}}, false));
  EXPECT_EQ(status(5), "502");
  from_client(headers(7, get("/")));
  from_origin(headers(5, {{":status", "200"}, {"grpc-encoding", "gzip"}}, false));
  EXPECT_EQ(status(7), "502");
  EXPECT_EQ(audit().find("s3cr3t"), std::string::npos);
}

TEST_F(Http2Calls, ABodyThatIsJudgedIsBoundedInSizeAndTime) {
  const Block json{{"content-type", "application/json"}};
  from_client(headers(1, post("/graphql", json), false));
  const std::string piece = frame(kData, kNone, 1, std::string(16384, ' '));
  for (int i = 0; i < 65 && client_.empty(); ++i) {
    from_client(piece);
    if (status(1) == "413") break;
    client_.clear();
  }
  EXPECT_NE(audit().find("longer than 1048576 bytes"), std::string::npos);
  from_client(headers(3, post("/graphql", json), false));
  calls_->drop_late(now_ + std::chrono::minutes(1));
  exchange();
  EXPECT_EQ(status(3), "408");
}

TEST_F(Http2Calls, MalformedRequestsAreInTheAudit) {
  from_client(headers(1, get("/a#b")));
  EXPECT_EQ(frame_of(client_, kReset, 1)->code(), 1u);
  EXPECT_NE(audit().find("HTTP/2: :path"), std::string::npos);
  EXPECT_NE(audit().find("invalid_request"), std::string::npos);
}

TEST_F(Http2Calls, ASlowReaderHoldsBackTheOther) {
  from_client(headers(1, get("/big")));
  from_origin(headers(1, {{":status", "200"}}, false));
  // The client's window is 65,535 bytes; the origin's is the proxy's, and opens only as the client takes.
  uint32_t opened = 0;
  size_t given = 0;
  for (int i = 0; i < 64; ++i) {
    from_origin(frame(kData, kNone, 1, std::string(16384, 'x')));
    given += data_of(client_, 1).size();
    opened += frame_of(origin_, kWindow, 1) ? 1 : 0;
  }
  EXPECT_EQ(given, 65535u);
  EXPECT_EQ(opened, 0u);
  EXPECT_EQ(calls_->client().unsent(1), (1u << 20) - 65535);
  for (int i = 0; i < 64; ++i) {
    from_client(frame(kWindow, kNone, 1, number(16384, 4)) + frame(kWindow, kNone, 0, number(16384, 4)));
    given += data_of(client_, 1).size();
    opened += frame_of(origin_, kWindow, 1) ? 1 : 0;
  }
  EXPECT_EQ(given, 1u << 20);
  EXPECT_GT(opened, 0u);
}

TEST_F(Http2Calls, ACancelledRequestIsCancelledAtTheOrigin) {
  from_client(headers(1, post("/up"), false));
  from_client(frame(kReset, kNone, 1, number(8, 4)));
  EXPECT_EQ(frame_of(origin_, kReset, 1)->code(), 8u);
  EXPECT_TRUE(calls_->empty());
}

TEST_F(Http2Calls, AnOriginThatEndsAStreamEarly) {
  from_client(headers(1, get("/a")) + headers(3, get("/b")) + headers(5, get("/c")));
  from_origin(frame(kReset, kNone, 1, number(7, 4)) + frame(kReset, kNone, 3, number(2, 4)) +
              headers(5, {{":status", "200"}}, false) + frame(kData, kNone, 5, "part") +
              frame(kReset, kNone, 5, number(2, 4)));
  EXPECT_EQ(frame_of(client_, kReset, 1)->code(), 7u);  // refused: the client may send it again
  EXPECT_EQ(frame_of(client_, kReset, 5)->code(), 2u);  // a part must not look whole
  EXPECT_EQ(status(3), "502");
}

TEST_F(Http2Calls, AnAnswerBeforeTheRequestsEndStopsTheRequest) {
  from_client(headers(1, post("/up"), false));
  from_origin(headers(1, {{":status", "413"}}) + frame(kReset, kNone, 1, number(0, 4)));
  EXPECT_EQ(status(1), "413");
  EXPECT_EQ(frame_of(client_, kReset, 1), nullptr);
  from_client(frame(kData, kEndStream, 1, "the rest"));
  EXPECT_TRUE(calls_->empty());
}

TEST_F(Http2Calls, AnOriginThatLeavesIsFollowed) {
  from_client(headers(1, get("/a")));
  from_origin(frame(kGoAway, kNone, 0, number(1, 4) + number(0, 4)));
  ASSERT_NE(frame_of(client_, kGoAway, 0), nullptr);
  EXPECT_EQ(frame_of(client_, kGoAway, 0)->code(), 0u);
  from_origin(headers(1, {{":status", "200"}}));
  EXPECT_EQ(status(1), "200");
}

TEST_F(Http2Calls, ALostOriginIsSaid) {
  from_client(headers(1, get("/a")));
  calls_->lose_origin("upstream_unreachable", "gone");
  exchange();
  EXPECT_EQ(status(1), "502");
  EXPECT_NE(data_of(client_, 1).find("gone"), std::string::npos);
}

TEST_F(Http2Calls, H2_AnotherPolicyEndsTheStreamsThatItForbids) {
  Block grpc = post("/pkg.Svc/Allowed");
  grpc.push_back({"content-type", "application/grpc"});
  from_client(headers(1, grpc, false) + headers(3, post("/up"), false) + headers(5, get("/long")));
  from_origin(headers(1, {{":status", "200"}, {"content-type", "application/grpc"}}, false));
  const auto engine = compile(
      "version: 1\nnetwork_policies:\n  api:\n    endpoints:\n      - host: h.test\n        port: 443\n"
      "        protocol: rest\n        rules: [{allow: {method: POST, path: /up}}]\n");
  EXPECT_EQ(calls_->revoke(*engine, true), 1u);
  EXPECT_EQ(calls_->revoke(*engine, false), 1u);
  exchange();
  EXPECT_EQ(find(head(client_, to_client_, 1), "grpc-status"), "7");
  EXPECT_EQ(frame_of(origin_, kReset, 1)->code(), 8u);
  EXPECT_EQ(frame_of(client_, kReset, 3), nullptr);
  EXPECT_EQ(frame_of(client_, kReset, 5), nullptr);  // in flight: it finishes
}

// A limit in bytes holds for a client that leaves before its request is complete.
TEST_F(Http2Calls, WhatWasSentIsCountedEvenIfTheConnectionBreaks) {
  connection_.container->engine = compile(
      "version: 1\nnetwork_policies:\n  api:\n    endpoints:\n      - host: h.test\n        port: 443\n"
      "        protocol: rest\n        access: full\n        limits: {bytes_out_per_hour: 3000}\n");
  from_client(headers(1, post("/up"), false) + frame(kData, kNone, 1, std::string(2000, 'x')));
  EXPECT_EQ(data_of(origin_, 1).size(), 2000u);
  calls_ = std::make_unique<Calls>(*context_, connection_, bytes_);
  from_client(std::string(kPreface) + settings() +
              headers(1, post("/up", {{"content-length", "1500"}}), false));
  Decoder fresh;
  EXPECT_EQ(find(head(client_, fresh, 1), ":status"), "429");
}

TEST_F(Http2Calls, TheMemoryOfABodyIsGivenBackWhenTheConnectionBreaks) {
  const Block json{{"content-type", "application/json"}};
  from_client(headers(1, post("/graphql", json), false) + frame(kData, kNone, 1, "some bytes"));
  EXPECT_EQ(context_->body_memory.held(), 10u);
  calls_.reset();
  EXPECT_EQ(context_->body_memory.held(), 0u);
}

// The coroutines around it, between two socket pairs.
TEST_F(Http2Calls, BytesGoBothWaysAndTheEndIsSaid) {
  asio::io_context loop;
  const auto connect = [&](tcp::socket& ours, tcp::socket& theirs) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ours.assign(tcp::v4(), ends[0]);
    theirs.assign(tcp::v4(), ends[1]);
  };
  tcp::socket client(loop), client_far(loop), origin(loop), origin_far(loop);
  connect(client, client_far);
  connect(origin, origin_far);
  net::PlainStream client_stream(client), origin_stream(origin);
  enforce::Live live(*context_, tcp::socket(loop));
  Watchdog watchdog(loop.get_executor());
  bool done = false;
  const auto work = [&]() -> net::Task<void> {
    co_await serve_http2(*context_, connection_, client_stream, origin_stream, live, watchdog, bytes_);
    asio::error_code ignored;
    client.close(ignored);
    done = true;
  };
  net::start(loop.get_executor(), work());
  const auto say = [&](tcp::socket& to, const std::string& text) {
    asio::write(to, asio::buffer(text));
    loop.restart();
    loop.run_for(std::chrono::milliseconds(50));
  };
  const auto hear = [](tcp::socket& from) {
    std::string text;
    char piece[4096];
    asio::error_code code;
    while (const size_t got = from.read_some(asio::buffer(piece), code)) text.append(piece, got);
    return parse(text);
  };
  client_far.non_blocking(true);
  origin_far.non_blocking(true);
  say(client_far, std::string(kPreface) + settings() + headers(1, get("/a")) + headers(3, post("/no")));
  say(origin_far, settings() + headers(1, {{":status", "200"}}, false) + frame(kData, kEndStream, 1, "body"));
  EXPECT_NE(frame_of(hear(origin_far), kHeaders, 1), nullptr);
  const std::vector<Frame> heard = hear(client_far);
  EXPECT_EQ(data_of(heard, 1), "body");
  EXPECT_NE(data_of(heard, 3).find("policy_denied"), std::string::npos);
  origin_far.close();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(50));
  EXPECT_NE(frame_of(hear(client_far), kGoAway, 0), nullptr);
  client_far.close();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(done);
  EXPECT_GT(bytes_.in, 0u);
}

}  // namespace
}  // namespace nemoclaw::serve
