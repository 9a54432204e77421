// The index against the definition: decisions as section "Decision" of the policy's description reads,
// computed by looking at every endpoint, must be the engine's for random policies, small and large.
#include <gtest/gtest.h>

#include <random>

#include "policy/engine/engine.h"
#include "policy/engine/glob.h"
#include "policy/engine/rule_matcher.h"
#include "policy/model/conflict.h"
#include "policy/model/path_glob.h"

namespace nemoclaw::policy {
namespace {

const std::vector<std::string> hosts = {"a.example.test", "b.example.test", "x.a.example.test", "other.test"};
const std::vector<std::string> patterns = {"a.example.test",  "b.example.test",   "*.example.test",
                                           "**.example.test", "*.a.example.test", "a*.example.test"};
const std::vector<std::string> binaries = {"/bin/a", "/bin/b", "/bin/c", "/opt/x/run"};
const std::vector<std::string> binary_patterns = {"/bin/a", "/bin/b",  "/bin/c",
                                                  "/bin/*", "/opt/**", "**/run"};
const std::vector<std::string> paths = {"/", "/v1", "/v1/a", "/v1/a/b", "/v2/c", "/v1/"};
const std::vector<std::string> path_patterns = {"/v1/**",   "/v1/*", "/v1/a", "/**",
                                                "/v1/a/**", "/v2/*", "/v*/a"};
const std::vector<std::string> methods = {"GET", "HEAD", "POST", "DELETE"};

class Random {
 public:
  explicit Random(uint32_t seed) : random_(seed) {}
  size_t below(size_t n) { return random_() % n; }
  const std::string& of(const std::vector<std::string>& list) { return list[below(list.size())]; }

  Rule rule(bool deny) {
    Rule rule;
    rule.deny = deny;
    rule.method = below(3) ? of(methods) : "*";
    rule.path = of(path_patterns);
    return rule;
  }
  Endpoint endpoint(uint32_t line) {
    Endpoint endpoint;
    endpoint.at.line = line;
    endpoint.host = of(patterns);
    endpoint.ports = {static_cast<uint16_t>(below(2) ? 443 : 80)};
    if (below(3) == 0) return endpoint;
    endpoint.protocol = Protocol::Rest;
    if (below(2)) endpoint.path = of(path_patterns);
    if (below(2)) {
      endpoint.access = below(2) ? Access::ReadOnly : Access::ReadWrite;
    } else {
      for (size_t i = 0, n = 1 + below(3); i < n; ++i) endpoint.rules.push_back(rule(false));
    }
    if (below(4) == 0) endpoint.deny_rules.push_back(rule(true));
    return endpoint;
  }
  std::vector<NetworkEntry> entries(size_t count) {
    std::vector<NetworkEntry> list;
    uint32_t line = 1;
    for (size_t i = 0; i < count; ++i) {
      NetworkEntry entry;
      entry.key = "e" + std::to_string(1000 + i);
      for (size_t k = 0, n = 1 + below(4); k < n; ++k) entry.endpoints.push_back(endpoint(line++));
      if (below(4)) {
        entry.binaries.emplace();
        for (size_t k = 0, n = 1 + below(2); k < n; ++k) entry.binaries->push_back({of(binary_patterns)});
      }
      list.push_back(std::move(entry));
    }
    return list;
  }
  L7Request request() {
    L7Request request;
    request.connection.caller.binary = of(binaries);
    if (below(2)) request.connection.caller.ancestors = {of(binaries), "/sbin/init"};
    request.connection.host = of(hosts);
    request.connection.port = below(2) ? 443 : 80;
    request.method = of(methods);
    request.path = of(paths);
    return request;
  }

 private:
  std::mt19937 random_;
};

bool binary_fits(const NetworkEntry& entry, const Caller& caller) {
  if (!entry.binaries) return true;
  for (const Binary& binary : *entry.binaries) {
    const PathGlob glob(binary.path);
    if (glob.matches(caller.binary)) return true;
    for (const std::string& ancestor : caller.ancestors)
      if (glob.matches(ancestor)) return true;
  }
  return false;
}

struct Expected {
  bool l4 = false, l7 = false, inspected = false;
  std::string l4_entry, l7_entry;
  uint32_t l4_line = 0;
};

std::tuple<bool, size_t, size_t> specificity(const Endpoint& endpoint) {
  if (endpoint.path.empty()) return {false, 0, 0};
  const Glob glob = Glob::path(endpoint.path);
  return {glob.is_exact(), glob.literal_prefix().size(), endpoint.path.size()};
}

bool rule_fits(const Rule& rule, const L7Request& request) {
  return method_covers(rule.method, request.method) && Glob::path(rule.path).matches(request.path);
}

Expected judge(const std::vector<NetworkEntry>& entries, const L7Request& request) {
  Expected expected;
  bool denied = false, shut = false;  // shut: every request is denied, so the connection is
  const L4Request& connection = request.connection;
  for (const NetworkEntry& entry : entries) {
    if (!binary_fits(entry, connection.caller)) continue;
    std::vector<const Endpoint*> judges;
    for (const Endpoint& endpoint : entry.endpoints) {
      if (endpoint.ports[0] != connection.port ||
          !HostPattern::parse(endpoint.host)->matches(connection.host))
        continue;
      if (!expected.l4) expected.l4_entry = entry.key, expected.l4_line = endpoint.at.line;
      expected.l4 = true;
      for (const Rule& rule : endpoint.deny_rules)
        shut = shut || (endpoint.path.empty() && rule.method == "*" && rule.path == "/**");
      if (endpoint.protocol == Protocol::L4) continue;
      expected.inspected = true;
      if (endpoint.path.empty() || Glob::path(endpoint.path).matches(request.path))
        judges.push_back(&endpoint);
    }
    auto closest = std::make_tuple(false, size_t{0}, size_t{0});
    for (const Endpoint* each : judges) closest = std::max(closest, specificity(*each));
    for (const Endpoint* each : judges) {
      for (const Rule& rule : each->deny_rules) denied = denied || rule_fits(rule, request);
      if (specificity(*each) != closest) continue;
      bool allows = access_covers(each->access, request.method);
      for (const Rule& rule : each->rules) allows = allows || rule_fits(rule, request);
      if (allows && !expected.l7) expected.l7_entry = entry.key, expected.l7 = true;
    }
  }
  if (shut) expected.l4 = false;
  if (!expected.l4 || denied) expected.l7 = false;
  if (expected.l4 && !expected.inspected) expected.l7 = true, expected.l7_entry = expected.l4_entry;
  return expected;
}

void compare(uint32_t seed, size_t entry_count, size_t requests, size_t& allowed, size_t& denied) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  Policy policy;
  policy.network = random.entries(entry_count);
  const auto engine = Engine::compile(policy);
  ASSERT_TRUE(engine) << engine.error().message;
  for (size_t i = 0; i < requests; ++i) {
    const L7Request request = random.request();
    SCOPED_TRACE(request.connection.caller.binary + " " + request.method + " " + request.connection.host +
                 ":" + std::to_string(request.connection.port) + request.path);
    const Expected expected = judge(policy.network, request);
    const Decision l4 = (*engine)->decide_l4(request.connection), l7 = (*engine)->decide_l7(request);
    ASSERT_EQ(l4.verdict == Verdict::Allow, expected.l4) << l4.reason;
    ASSERT_EQ(l7.verdict == Verdict::Allow, expected.l7) << l7.reason;
    if (expected.l4) {
      ASSERT_EQ(l4.entry, expected.l4_entry);
      ASSERT_EQ(l4.rule_line, expected.l4_line);
      ASSERT_EQ(l4.needs_l7, expected.inspected);
    }
    if (expected.l7) {
      ASSERT_EQ(l7.entry, expected.l7_entry);
    }
    ++(expected.l7 ? allowed : denied);
  }
}

TEST(Reference, SmallPolicies) {
  size_t allowed = 0, denied = 0;
  for (uint32_t seed = 0; seed < 1500 && !testing::Test::HasFatalFailure(); ++seed)
    compare(seed, 1 + seed % 5, 30, allowed, denied);
  EXPECT_GT(allowed, 1000u);
  EXPECT_GT(denied, 1000u);
}

// So many endpoints on few hosts that every slot has an index of its own.
TEST(Reference, LargePolicies) {
  size_t allowed = 0, denied = 0;
  for (uint32_t seed = 0; seed < 30 && !testing::Test::HasFatalFailure(); ++seed)
    compare(5000 + seed, 150, 60, allowed, denied);
  EXPECT_GT(allowed + denied, 1000u);
}

// Existence and key of a conflict by the definition, pair by pair.
TEST(Reference, Conflicts) {
  size_t found = 0, none = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::vector<NetworkEntry> entries = random.entries(1 + random.below(3));
    std::vector<const Endpoint*> all;
    for (NetworkEntry& entry : entries)
      for (Endpoint& each : entry.endpoints) {
        if (random.below(9) == 0) each.enforcement = Enforcement::Audit;
        if (random.below(9) == 0) each.tls = Tls::Passthrough;
        if (random.below(9) == 0) each.allowed_ips = {"10.0.0.0/8"};
        all.push_back(&each);
      }
    const Endpoint *first = nullptr, *second = nullptr;
    for (size_t j = 0; j < all.size() && !first; ++j)
      for (size_t i = 0; i < j && !first; ++i) {
        const Endpoint &a = *all[i], &b = *all[j];
        if (a.ports != b.ports || !HostPattern::parse(a.host)->overlaps(*HostPattern::parse(b.host)))
          continue;
        const bool requests = a.path == b.path && a.protocol != Protocol::L4 && b.protocol != Protocol::L4;
        if (a.tls != b.tls || a.allowed_ips != b.allowed_ips || (requests && a.enforcement != b.enforcement))
          first = &a, second = &b;
      }
    const auto conflict = find_conflict(entries);
    ASSERT_EQ(conflict.has_value(), first != nullptr);
    ++(first ? found : none);
    if (!first) continue;
    EXPECT_EQ(conflict->first, first);
    EXPECT_EQ(conflict->second, second);
  }
  EXPECT_GT(found, 300u);
  EXPECT_GT(none, 300u);
}

}  // namespace
}  // namespace nemoclaw::policy
