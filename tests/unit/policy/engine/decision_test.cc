#include <gtest/gtest.h>

#include "policy/engine/engine.h"
#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

const char kDigest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::shared_ptr<const Engine> engine_of(const std::string& network,
                                        const std::vector<BinaryAlias>& aliases = {}) {
  auto outcome = parse_policy("version: 1\nnetwork_policies:\n" + network, "test.yaml");
  for (const Diagnostic& diagnostic : outcome.diagnostics)
    ADD_FAILURE() << render_text(diagnostic, "test.yaml", false);
  if (!outcome.policy) return nullptr;
  auto engine = Engine::compile(*outcome.policy, aliases);
  EXPECT_TRUE(engine) << engine.error().message;
  return engine ? *engine : nullptr;
}

L4Request request(const std::string& binary, const std::string& host = "api.example.test",
                  uint16_t port = 443) {
  L4Request made;
  made.caller.binary = binary;
  made.host = host;
  made.port = port;
  return made;
}

const char kCurl[] = R"(  web:
    endpoints: [{host: api.example.test, port: 443}]
    binaries: [{path: /usr/bin/curl}]
)";

TEST(DecideL4, AllowNamesEntryAndLine) {
  const Decision decision = engine_of(kCurl)->decide_l4(request("/usr/bin/curl"));
  EXPECT_EQ(decision.verdict, Verdict::Allow);
  EXPECT_EQ(decision.entry, "web");
  EXPECT_EQ(decision.rule_line, 4u);
  EXPECT_EQ(decision.layer, "l4");
  EXPECT_EQ(decision.code, "");
  EXPECT_FALSE(decision.needs_l7);
}

TEST(DecideL4, DenialSaysWhatIsMissing) {
  const auto engine = engine_of(kCurl);
  const struct {
    L4Request asked;
    const char *reason, *nearest;
  } cases[] = {
      {request("/usr/bin/curl", "other.test"), "endpoint other.test:443 is not allowed by any policy", ""},
      {request("/usr/bin/curl", "other.example.test"),
       "endpoint other.example.test:443 is not allowed by any policy",
       "entry 'web' allows api.example.test, which does not cover other.example.test"},
      {request("/usr/bin/curl", "api.example.test", 80),
       "endpoint api.example.test:80 is not allowed by any policy",
       "entry 'web' allows api.example.test on port 443, not 80"},
      {request("/usr/bin/wget"), "binary '/usr/bin/wget' is not allowed to reach api.example.test:443",
       "entry 'web' allows api.example.test:443, but only for /usr/bin/curl"},
      {request("/tmp/a\nb"), "binary '/tmp/a\\x0ab' is not allowed to reach api.example.test:443",
       "entry 'web' allows api.example.test:443, but only for /usr/bin/curl"},
  };
  for (const auto& c : cases) {
    const Decision decision = engine->decide_l4(c.asked);
    EXPECT_EQ(decision.verdict, Verdict::Deny);
    EXPECT_EQ(decision.code, "policy_denied");
    EXPECT_EQ(decision.layer, "l4");
    EXPECT_EQ(decision.reason, c.reason);
    EXPECT_EQ(decision.nearest, c.nearest);
    EXPECT_EQ(decision.entry, "");
  }
  EXPECT_EQ(engine_of("    {}\n")->decide_l4(request("/usr/bin/curl")).reason,
            "network connections not allowed by policy");
}

TEST(DecideL4, UnknownIdentityIsADenialWhateverThePolicySays) {
  const auto engine = engine_of("  any:\n    endpoints: [{host: api.example.test, port: 443}]\n");
  L4Request asked = request("");
  EXPECT_EQ(engine->decide_l4(asked).verdict, Verdict::Allow);
  asked.caller.identity_error = "different executables hold the socket";
  asked.caller.identity_code = "ambiguous_owner";
  const Decision decision = engine->decide_l4(asked);
  EXPECT_EQ(decision.verdict, Verdict::Deny);
  EXPECT_EQ(decision.layer, "identity");
  EXPECT_EQ(decision.code, "ambiguous_owner");
  EXPECT_NE(decision.reason.find("different executables"), std::string::npos);
}

TEST(DecideL4, OneEntryMustMatchOnBothSides) {
  const auto engine = engine_of(R"(  a:
    endpoints: [{host: a.example.test, port: 443}]
    binaries: [{path: /usr/bin/git}]
  b:
    endpoints: [{host: b.example.test, port: 443}]
    binaries: [{path: /usr/bin/curl}]
)");
  EXPECT_EQ(engine->decide_l4(request("/usr/bin/git", "a.example.test")).verdict, Verdict::Allow);
  EXPECT_EQ(engine->decide_l4(request("/usr/bin/git", "b.example.test")).verdict, Verdict::Deny);
}

TEST(DecideL4, SmallestKeyIsReportedAndRulesWinOverPlain) {
  const auto engine = engine_of(R"(  zz:
    endpoints: [{host: api.example.test, port: 443, access: read-only}]
  aa:
    endpoints: [{host: "*.example.test", port: 443}]
)");
  const Decision decision = engine->decide_l4(request("/usr/bin/curl"));
  EXPECT_EQ(decision.entry, "aa");
  EXPECT_TRUE(decision.needs_l7);
  EXPECT_FALSE(engine->decide_l4(request("/usr/bin/curl", "cdn.example.test")).needs_l7);
}

TEST(DecideL4, BinariesByPathAncestorScriptViaAndDigest) {
  const auto engine = engine_of(std::string(R"(  x:
    endpoints: [{host: api.example.test, port: 443}]
    binaries:
      - {path: /usr/bin/curl}
      - {path: "**/claude"}
      - {script: /usr/bin/npm}
      - {path: /usr/bin/git, via: /opt/agent}
      - {path: /usr/bin/wget, sha256: )") +
                                kDigest + "}\n");
  const auto ask = [&](Caller caller) {
    L4Request asked = request("");
    asked.caller = std::move(caller);
    return engine->decide_l4(asked);
  };
  const auto allowed = [&](Caller caller) { return ask(std::move(caller)).verdict == Verdict::Allow; };
  EXPECT_TRUE(allowed({.binary = "/usr/bin/curl"}));
  EXPECT_TRUE(allowed({.binary = "/usr/bin/sh", .ancestors = {"/bin/x", "/usr/bin/curl"}}));
  EXPECT_TRUE(allowed({.binary = "/home/a/claude"}));
  EXPECT_TRUE(allowed({.binary = "/usr/bin/node", .script = "/usr/bin/npm"}));
  EXPECT_FALSE(allowed({.binary = "/usr/bin/node"}));
  EXPECT_FALSE(allowed({.binary = "/usr/bin/npm"}));  // an executable is no script
  EXPECT_FALSE(allowed({.binary = "/usr/bin/node", .script = "/usr/bin/curl"}));  // nor the other way round
  EXPECT_TRUE(allowed({.binary = "/usr/bin/git", .ancestors = {"/bin/sh", "/opt/agent"}}));
  EXPECT_FALSE(allowed({.binary = "/usr/bin/git", .ancestors = {"/bin/sh"}}));
  EXPECT_NE(ask({.binary = "/usr/bin/git"}).nearest.find("via"), std::string::npos);
  EXPECT_TRUE(allowed({.binary = "/usr/bin/wget", .binary_sha256 = kDigest}));
  EXPECT_FALSE(allowed({.binary = "/usr/bin/wget"}));
  EXPECT_EQ(ask({.binary = "/usr/bin/wget", .binary_sha256 = std::string(64, '0')}).code, "binary_integrity");
  EXPECT_TRUE(allowed({.binary = "/bin/sh", .ancestors = {"/usr/bin/wget"}, .ancestor_sha256 = {kDigest}}));
  EXPECT_FALSE(allowed({.binary = "/bin/sh", .ancestors = {"/usr/bin/wget"}}));
  EXPECT_EQ(engine->named_binaries(),
            (std::vector<std::string>{"/opt/agent", "/usr/bin/curl", "/usr/bin/git", "/usr/bin/wget"}));
}

TEST(DecideL4, LinksOfTheImageMatchByBothNames) {
  const auto engine = engine_of(kCurl, {{"/usr/bin/curl", "/bin/busybox"}});
  EXPECT_EQ(engine->decide_l4(request("/usr/bin/curl")).verdict, Verdict::Allow);
  EXPECT_EQ(engine->decide_l4(request("/bin/busybox")).verdict, Verdict::Allow);
  EXPECT_EQ(engine->decide_l4(request("/bin/other")).verdict, Verdict::Deny);
}

struct AddressCase {
  const char *host, *address;
  uint16_t port;
  bool allowed;
};

TEST(JudgeAddresses, ByEndpoint) {
  const auto engine = engine_of(R"(  net:
    endpoints:
      - {host: exact.example.test, ports: [443, 6443]}
      - {host: "*.wild.test.example", ports: [443, 10250]}
      - {host: 10.1.2.3, port: 443}
      - {host: "db.corp.test", ports: [5432, 2379], allowed_ips: ["10.9.0.0/16", "192.168.7.7"]}
)");
  const std::vector<Address> node = {*parse_address("192.168.7.7"), *parse_address("93.184.216.99"),
                                     *parse_address("10.9.1.1")};
  const AddressCase cases[] = {
      {"exact.example.test", "93.184.216.34", 443, true},
      {"exact.example.test", "10.0.0.1", 443, true},
      {"exact.example.test", "10.0.0.1", 6443, false},       // control plane
      {"exact.example.test", "93.184.216.34", 6443, true},   // a public API server
      {"exact.example.test", "93.184.216.99", 6443, false},  // the node's own
      {"exact.example.test", "192.168.7.7", 443, true},      // the node, by an exact host
      {"exact.example.test", "127.0.0.1", 443, false},
      {"exact.example.test", "169.254.169.254", 443, false},
      {"exact.example.test", "64:ff9b::7f00:1", 443, false},
      {"a.wild.test.example", "93.184.216.34", 443, true},
      {"a.wild.test.example", "10.0.0.1", 443, false},
      {"a.wild.test.example", "2002:a00:1::1", 443, false},
      {"a.wild.test.example", "93.184.216.99", 443, false},       // the node behind a wildcard
      {"a.wild.test.example", "64:ff9b::5db8:d863", 443, false},  // the same, in NAT64's clothes
      {"10.1.2.3", "10.1.2.3", 443, true},
      {"db.corp.test", "10.9.4.4", 5432, true},
      {"db.corp.test", "10.10.0.1", 5432, false},
      {"db.corp.test", "93.184.216.34", 5432, false},
      {"db.corp.test", "192.168.7.7", 5432, true},  // the node, by its very address
      {"db.corp.test", "10.9.4.4", 2379, false},
  };
  for (const AddressCase& c : cases) {
    const L4Request asked = request("/usr/bin/curl", c.host, c.port);
    const Decision l4 = engine->decide_l4(asked);
    ASSERT_EQ(l4.verdict, Verdict::Allow) << l4.reason;
    const Decision decision = engine->judge_addresses(asked, l4, {*parse_address(c.address)}, node);
    EXPECT_EQ(decision.verdict == Verdict::Allow, c.allowed)
        << c.host << " " << c.address << ":" << c.port << ": " << decision.reason;
    if (c.allowed) continue;
    EXPECT_EQ(decision.layer, "ssrf");
    EXPECT_EQ(decision.code, "ssrf_denied");
    EXPECT_EQ(decision.entry, "net");
    EXPECT_NE(decision.reason.find(to_string(*parse_address(c.address))), std::string::npos);
  }
}

TEST(JudgeAddresses, AWildcardAndTheNodesOwnAddress) {
  const auto engine = engine_of(
      "  w:\n    endpoints: [{host: \"*.corp.test.example\", port: 80, allowed_ips: [\"10.0.0.0/8\"]}]\n");
  const L4Request asked = request("/bin/x", "a.corp.test.example", 80);
  const Decision l4 = engine->decide_l4(asked);
  const auto judge = [&](const char* address) {
    return engine->judge_addresses(asked, l4, {*parse_address(address)}, {*parse_address("10.0.0.1")})
        .verdict;
  };
  EXPECT_EQ(judge("10.0.0.2"), Verdict::Allow);
  EXPECT_EQ(judge("10.0.0.1"), Verdict::Deny);
}

TEST(JudgeAddresses, EveryAddressCountsAndNoneIsADenial) {
  const auto engine = engine_of("  w:\n    endpoints: [{host: \"*.example.test\", port: 443}]\n");
  const L4Request asked = request("/bin/x");
  const Decision l4 = engine->decide_l4(asked);
  const Address good = *parse_address("93.184.216.34"), bad = *parse_address("192.168.1.4");
  EXPECT_EQ(engine->judge_addresses(asked, l4, {good, good}, {}).verdict, Verdict::Allow);
  EXPECT_EQ(engine->judge_addresses(asked, l4, {good, bad}, {}).verdict, Verdict::Deny);
  EXPECT_EQ(engine->judge_addresses(asked, l4, {}, {}).verdict, Verdict::Deny);
  // A denial stays what it was.
  const Decision denied = engine->decide_l4(request("/bin/x", "other.test"));
  EXPECT_EQ(engine->judge_addresses(asked, denied, {good}, {}).reason, denied.reason);
}

TEST(JudgeAddresses, OneGrantMustCoverAll) {
  const auto engine = engine_of(R"(  exact:
    endpoints: [{host: api.example.test, port: 443}]
  wild:
    endpoints: [{host: "*.example.test", port: 443}]
)");
  const L4Request asked = request("/bin/x");
  const Decision decision =
      engine->judge_addresses(asked, engine->decide_l4(asked), {*parse_address("10.0.0.1")}, {});
  EXPECT_EQ(decision.verdict, Verdict::Allow);
  EXPECT_EQ(decision.entry, "exact");
}

TEST(Compile, RefusesWhatCannotBeEnforced) {
  Policy policy;
  policy.network.resize(1);
  policy.network[0].key = "x";
  policy.network[0].endpoints.resize(1);
  policy.network[0].endpoints[0].ports = {443};
  EXPECT_FALSE(Engine::compile(policy));  // everything, by neither host nor address
  policy.network[0].endpoints[0].host = "*.com";
  EXPECT_FALSE(Engine::compile(policy));
  policy.network[0].endpoints[0].host = "a.example.test";
  EXPECT_TRUE(Engine::compile(policy));
  policy.network[0].endpoints[0].allowed_ips = {"nonsense"};
  EXPECT_FALSE(Engine::compile(policy));
  policy.network[0].endpoints[0].allowed_ips.clear();
  policy.network.push_back(policy.network[0]);
  policy.network[1].endpoints[0].tls = Tls::Passthrough;
  const auto result = Engine::compile(policy);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("disagree on 'tls'"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::policy
