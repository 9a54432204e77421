// Under a ceiling: allowed only what both policies allow, for random policies and requests.
#include "policy/engine/bounded_engine.h"

#include <gtest/gtest.h>

#include <random>

#include "policy/model/ceiling.h"
#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

Policy parsed(const std::string& text) {
  ParseOutcome outcome = parse_policy(text, "p.yaml");
  EXPECT_TRUE(outcome.policy) << text << (outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].message);
  return outcome.policy.value_or(Policy{});
}

class Random {
 public:
  explicit Random(uint32_t seed) : random_(seed) {}

  std::string policy_text() {
    std::string text =
        "version: 1\nnetwork_policies:\n  none: {endpoints: [{host: no.example.test, port: 1}]}\n";
    for (size_t i = 0, n = random_() % 4; i < n; ++i) {
      text += "  e" + std::to_string(i) + ":\n    endpoints:\n";
      for (size_t k = 0, m = 1 + random_() % 2; k < m; ++k) text += "      - " + endpoint() + "\n";
      if (random_() % 2 == 0) text += "    binaries: [{path: " + of({"/bin/a", "/bin/b", "/bin/*"}) + "}]\n";
    }
    return text;
  }
  L7Request request() {
    L7Request request;
    request.connection.caller.binary = of({"/bin/a", "/bin/b"});
    request.connection.caller.ancestors = {of({"/bin/a", "/bin/init"})};
    request.connection.host = of({"a.example.test", "b.example.test", "x.y.example.test"});
    request.connection.port = random_() % 3 ? 443 : 80;
    request.method = of({"GET", "POST", "DELETE"});
    request.path = of({"/", "/v1/x", "/v1/x/y", "/v2"});
    return request;
  }

 private:
  std::string of(const std::vector<std::string>& values) { return values[random_() % values.size()]; }
  std::string endpoint() {
    std::string text = "{host: \"" +
                       of({"a.example.test", "*.example.test", "**.example.test", "b.example.test"}) +
                       "\", port: " + of({"443", "443", "80"});
    switch (random_() % 4) {
      case 0:
        return text + ", access: " + of({"read-only", "read-write"}) + "}";
      case 1:
        return text + ", rules: [{allow: {method: " + of({"GET", "\"*\"", "POST"}) + ", path: \"" +
               of({"/v1/**", "/v1/*", "/**", "/v2"}) + "\"}}], deny_rules: [{method: \"*\", path: /v1/x/y}]}";
      default:
        return text + "}";
    }
  }
  std::mt19937 random_;
};

TEST(BoundedEngine, AllowsWhatBothAllow) {
  size_t allowed = 0, cut_by_ceiling = 0;
  for (uint32_t seed = 0; seed < 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Policy policy = parsed(random.policy_text()), ceiling = parsed(random.policy_text());
    const auto own = Engine::compile(policy), bound = Engine::compile(ceiling);
    const Policy both = intersect(policy, ceiling);
    const auto engine = Engine::compile(both);
    ASSERT_TRUE(own && bound && engine);
    for (int i = 0; i < 20; ++i) {
      const L7Request request = random.request();
      const auto allows = [&](const Engine& each) {
        return each.decide_l7(request).verdict == Verdict::Allow;
      };
      const bool expected = allows(**own) && allows(**bound);
      EXPECT_EQ(allows(**engine), expected);
      const auto connects = [&](const Engine& each) {
        return each.decide_l4(request.connection).verdict == Verdict::Allow;
      };
      EXPECT_EQ(connects(**engine), connects(**own) && connects(**bound));
      allowed += expected;
      cut_by_ceiling += allows(**own) && !expected;
    }
  }
  EXPECT_GT(allowed, 500u);
  EXPECT_GT(cut_by_ceiling, 500u);
}

// What the explanation calls cut is really gone: the policy without it allows the same under the ceiling.
TEST(BoundedEngine, WhatIsCalledCutIsGone) {
  size_t removed = 0;
  for (uint32_t seed = 0; seed < 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Policy policy = parsed(random.policy_text()), ceiling = parsed(random.policy_text());
    const Policy both = intersect(policy, ceiling);
    Policy rest = policy;
    for (const Cut& cut : both.ceiling->cuts) {
      const size_t at = cut.what.find(" is cut (policy line ");
      if (at == std::string::npos) continue;
      const auto line = static_cast<uint32_t>(std::stoul(cut.what.substr(at + 21)));
      for (NetworkEntry& entry : rest.network)
        removed += std::erase_if(entry.endpoints, [&](const Endpoint& each) {
          return each.at.line == line && each.deny_rules.empty();
        });
    }
    const auto whole = Engine::compile(both), less = Engine::compile(intersect(rest, ceiling));
    ASSERT_TRUE(whole && less);
    for (int i = 0; i < 20; ++i) {
      const L7Request request = random.request();
      EXPECT_EQ((*whole)->decide_l7(request).verdict, (*less)->decide_l7(request).verdict)
          << request.method << " " << request.connection.host << ":" << request.connection.port
          << request.path;
    }
  }
  EXPECT_GT(removed, 500u);
}

TEST(BoundedEngine, SaysThatItWasTheCeiling) {
  const Policy policy = parsed(
      "version: 1\nnetwork_policies:\n  a: {endpoints: [{host: a.example.test, port: 443}, {host: "
      "b.example.test, port: "
      "443}]}\n");
  Policy ceiling = parsed(
      "version: 1\nnetwork_policies:\n  c: {endpoints: [{host: a.example.test, port: 443, access: "
      "read-only}]}\n");
  ceiling.name = "house";
  const auto engine = Engine::compile(intersect(policy, ceiling));
  ASSERT_TRUE(engine);
  L7Request request;
  request.connection = {{}, "b.example.test", 443};
  request.connection.caller.binary = "/bin/a";
  Decision decision = (*engine)->decide_l4(request.connection);
  EXPECT_EQ(decision.verdict, Verdict::Deny);
  EXPECT_EQ(decision.entry, "a");
  EXPECT_NE(decision.reason.find("the node's ceiling 'house': endpoint b.example.test:443"),
            std::string::npos)
      << decision.reason;
  request.connection.host = "a.example.test";
  EXPECT_TRUE((*engine)->decide_l4(request.connection).needs_l7) << "the ceiling looks at requests";
  EXPECT_TRUE((*engine)->plan_l7(request.connection, "/"));
  request.method = "POST";
  request.path = "/x";
  decision = (*engine)->decide_l7(request);
  EXPECT_EQ(decision.verdict, Verdict::Deny);
  EXPECT_NE(decision.nearest.find("in the ceiling: entry 'c'"), std::string::npos) << decision.nearest;
  request.method = "GET";
  EXPECT_EQ((*engine)->decide_l7(request).verdict, Verdict::Allow);
}

TEST(BoundedEngine, TheLowerLimitsAndTheNarrowerAddresses) {
  const auto text = [](const char* more) {
    return std::string(
               "version: 1\nnetwork_policies:\n  a: {endpoints: [{host: \"*.example.test\", port: 443, ") +
           more + "}]}\n";
  };
  const auto engine = Engine::compile(intersect(
      parsed(
          text("access: full, protocol: rest, limits: {requests_per_minute: 10}, allowed_ips: [10.0.0.0/8]")),
      parsed(text(
          "access: full, protocol: rest, limits: {requests_per_minute: 5, body_bytes_max: 9}, allowed_ips: "
          "[10.1.0.0/16]"))));
  ASSERT_TRUE(engine) << engine.error().message;
  L7Request request;
  request.connection = {{}, "a.example.test", 443};
  request.connection.caller.binary = "/bin/a";
  request.method = "GET";
  request.path = "/";
  const Decision decision = (*engine)->decide_l7(request);
  EXPECT_EQ(decision.verdict, Verdict::Allow) << decision.reason;
  EXPECT_EQ(decision.limits.requests_per_minute, 5u);
  EXPECT_EQ(decision.limits.body_bytes_max, 9u);
  const Decision l4 = (*engine)->decide_l4(request.connection);
  const auto judge = [&](const char* address) {
    return (*engine)->judge_addresses(request.connection, l4, {*parse_address(address)}, {}).verdict;
  };
  EXPECT_EQ(judge("10.1.2.3"), Verdict::Allow);
  EXPECT_EQ(judge("10.2.2.3"), Verdict::Deny);
}

}  // namespace
}  // namespace nemoclaw::policy
