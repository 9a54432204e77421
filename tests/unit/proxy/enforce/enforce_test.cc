// The order of a decision, asked by real sockets of this process: destination, caller, entry, addresses.
#include "proxy/enforce/enforce.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>
#include <fstream>

#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::enforce {
namespace {

using net::tcp;

constexpr const char* kHosts =
    "10.1.2.3 db.internal wild.example.test\n93.184.216.34 public.test www.example.test api.test\n127.0.0.1 "
    "loop.test\n"
    "93.184.216.34 mixed.test\n169.254.169.254 mixed.test\n10.9.9.9 node.test two.example.test\n";

class Decision : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/enforce-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    std::ofstream(directory_ + "/cgroup.procs") << getpid() << '\n';
    own_binary_ = std::filesystem::read_symlink("/proc/self/exe");
    const std::string text =
        "version: 1\nnetwork_policies:\n  web:\n    endpoints:\n"
        "      - {host: db.internal, port: 5432}\n      - {host: public.test, port: 443}\n"
        "      - {host: loop.test, port: 80}\n      - {host: mixed.test, port: 80}\n"
        "      - {host: '*.example.test', port: 443}\n"
        "    binaries: [{path: '" +
        own_binary_ +
        "'}]\n"
        "  other:\n    endpoints: [{host: other.test, port: 443}]\n    binaries: [{path: /bin/other}]\n"
        "  api:\n    endpoints: [{host: api.test, port: 443, access: read-only}]\n";
    policy::ParseOutcome outcome = policy::parse_policy(text, "web.yaml");
    ASSERT_TRUE(outcome.policy) << (outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].message);
    auto engine = policy::Engine::compile(*outcome.policy);
    ASSERT_TRUE(engine) << engine.error().message;
    auto container = std::make_shared<Container>();
    container->engine = *engine;
    container->subject = {"c", "web", "d", 1};
    context_ = std::make_unique<Context>(
        container, peer::Identifier(std::move(*peer::SocketQuery::create()), {"c", {directory_}}),
        std::move(*audit::Log::open(directory_ + "/audit.jsonl", audit::Origin{"s", container->subject})));
    context_->decision_prefix = "t";
    acceptor_.listen();
    client_.connect(acceptor_.local_endpoint());
    acceptor_.accept(server_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void start_resolver() {
    context_->resolver =
        std::move(*dns::Resolver::create(loop_.get_executor(), {}, dns::parse_hosts(kHosts)));
  }
  // "allow" and the addresses, or the code of the refusal.
  std::string decide(const std::string& host, uint16_t port) {
    std::string answer;
    net::start(loop_.get_executor(),
               [](Decision& test, std::string where, uint16_t at, std::string& out) -> net::Task<void> {
                 Enforcer enforcer(*test.context_);
                 Intent intent{"connect", where, at, "CONNECT", ""};
                 auto decided = co_await enforcer.decide(
                     std::move(intent),
                     client_tuple(test.client_.local_endpoint(), test.client_.remote_endpoint()));
                 if (const auto* refused = std::get_if<Refused>(&decided)) {
                   test.last_ = refused->denial;
                   out = refused->denial.code;
                 } else {
                   out = "allow";
                   for (const auto& address : std::get<Permit>(decided).addresses())
                     out += " " + address.to_string();
                   if (std::get<Permit>(decided).inspected()) out += ", inspected";
                 }
               }(*this, host, port, answer));
    loop_.restart();
    loop_.run();
    return answer;
  }
  std::vector<json::Value> audit_lines() {
    std::vector<json::Value> lines;
    std::ifstream in(directory_ + "/audit.jsonl");
    for (std::string line; std::getline(in, line);) lines.push_back(std::move(*json::parse(line)));
    return lines;
  }

  std::string directory_, own_binary_;
  asio::io_context loop_;
  tcp::acceptor acceptor_{loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket client_{loop_}, server_{loop_};
  std::unique_ptr<Context> context_;
  http::Denial last_;
};

TEST_F(Decision, byDestinationAndJudgedAddress) {
  start_resolver();
  const struct {
    const char* host;
    uint16_t port;
    const char* answer;
  } cases[] = {
      {"db.internal", 5432, "allow 10.1.2.3"},   // an exact name may be private
      {"DB.internal.", 5432, "allow 10.1.2.3"},  // E9, E10: case and one trailing dot
      {"public.test", 443, "allow 93.184.216.34"},
      {"www.example.test", 443, "allow 93.184.216.34"},
      {"public.test", 8443, "policy_denied"},  // E14
      {"evilpublic.test", 443, "policy_denied"},
      {"unknown.test", 443, "policy_denied"},
      {"other.test", 443, "policy_denied"},       // another binary's
      {"api.test", 443, "allow 93.184.216.34, inspected"},
      {"loop.test", 80, "ssrf_denied"},           // E4
      {"mixed.test", 80, "ssrf_denied"},          // E7: one bad address spoils all
      {"wild.example.test", 443, "ssrf_denied"},  // a wildcard does not reach private addresses
      {"2130706433", 443, "invalid_request"},     // E1
      {"0x7f.1", 443, "invalid_request"},
      {"127.1", 443, "invalid_request"},
      {"010.0.0.1", 443, "invalid_request"},  // E2
      {"a..b", 443, "invalid_request"},       // E9
      {"127.0.0.1", 3128, "policy_denied"},   // B9
  };
  for (const auto& each : cases)
    EXPECT_EQ(decide(each.host, each.port), each.answer) << each.host << ":" << each.port;
}

TEST_F(Decision, theNodesOwnAddressesAreNotReached) {
  start_resolver();
  context_->node_addresses.push_back(*policy::parse_address("93.184.216.34"));
  EXPECT_EQ(decide("www.example.test", 443), "ssrf_denied");
}

TEST_F(Decision, beforeStartNothingIsResolved) {
  EXPECT_EQ(decide("public.test", 443), "upstream_unreachable");
  EXPECT_NE(last_.detail.find("not been started"), std::string::npos);
}

TEST_F(Decision, everyRefusalIsOneAuditLineThatNamesTheCaller) {
  start_resolver();
  EXPECT_EQ(decide("unknown.test", 443), "policy_denied");
  const std::vector<json::Value> lines = audit_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find("decision")->string, last_.decision);
  EXPECT_EQ(lines[0].find("verdict")->string, "deny");
  EXPECT_EQ(lines[0].find("actor")->find("binary")->string, own_binary_);
  EXPECT_EQ(lines[0].find("actor")->find("sha256")->string.size(), 64u);
  EXPECT_EQ(lines[0].find("actor")->find("pid")->integer, getpid());
  EXPECT_EQ(last_.binary, own_binary_);
  EXPECT_EQ(context_->counters.denied, 1u);
}

TEST_F(Decision, anAllowWritesNothingYet) {
  start_resolver();
  EXPECT_EQ(decide("public.test", 443), "allow 93.184.216.34");
  EXPECT_TRUE(audit_lines().empty());  // the line comes with the connection
}

TEST_F(Decision, aChangedBinaryIsRefused) {
  start_resolver();
  context_->main()->trust.pin(own_binary_, std::string(64, '0'), peer::TrustStore::Origin::Create);
  EXPECT_EQ(decide("public.test", 443), "binary_integrity");
  EXPECT_EQ(audit_lines()[0].find("layer")->string, "identity");
}

TEST_F(Decision, aCallerOutsideTheSandboxIsRefused) {
  start_resolver();
  std::ofstream(directory_ + "/cgroup.procs") << 1 << '\n';
  EXPECT_EQ(decide("public.test", 443), "policy_denied");
  EXPECT_EQ(last_.layer, "identity");
}

TEST_F(Decision, aFullDiskStopsEgressOnlyIfTheNodeSaysSo) {
  audit::Event event;
  ASSERT_TRUE(context_->record(event));
  context_->log = std::move(*audit::Log::open(directory_ + "/other.jsonl", audit::Origin{}));
  const auto before = signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const bool closed = context_->record(event);
  context_->audit_fail_closed = false;
  const bool open = context_->record(event);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, before);
  EXPECT_FALSE(closed);
  EXPECT_TRUE(open);
  EXPECT_EQ(context_->counters.audit_failures, 2u);
}

}  // namespace
}  // namespace nemoclaw::enforce
