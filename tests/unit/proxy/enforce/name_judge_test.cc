#include "proxy/enforce/name_judge.h"

#include <gtest/gtest.h>

#include "policy/parse/parse.h"
#include "proxy/dns/message.h"

namespace nemoclaw::enforce {
namespace {

using std::chrono::seconds;
const NameBudget::Time kNow{std::chrono::hours(1)};

std::shared_ptr<const policy::Engine> engine_of(const std::string& mode) {
  const std::string text =
      "version: 1\ndns: {mode: " + mode +
      "}\nnetwork_policies:\n  web:\n    endpoints:\n"
      "      - {host: allowed.test, port: 443}\n      - {host: '*.wild.test', port: 443}\n"
      "      - {allowed_ips: [10.0.0.0/8], port: 5432}\n";
  policy::ParseOutcome outcome = policy::parse_policy(text, "web.yaml");
  EXPECT_TRUE(outcome.policy) << (outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].message);
  return *policy::Engine::compile(*outcome.policy);
}

std::string judge(const std::string& mode, const std::string& name, uint16_t type) {
  NameBudget budget;
  const NameVerdict verdict =
      judge_name(*engine_of(mode), name, type, {"svc.cluster.local", "cluster.local"}, budget, kNow);
  static const char* const kKinds[] = {"resolve", "no data", "not there", "refuse"};
  return std::string(kKinds[static_cast<int>(verdict.kind)]) + " " + verdict.name +
         (verdict.is_audited ? " audited" : "");
}

TEST(JudgeName, E16_onlyNamesThatAnEntryWrites) {
  const struct {
    const char* name;
    uint16_t type;
    const char* expected;
  } cases[] = {
      {"allowed.test", dns::kA, "resolve allowed.test"},
      {"ALLOWED.Test", dns::kAaaa, "resolve allowed.test"},
      {"a.wild.test", dns::kA, "resolve a.wild.test"},
      {"_http._tcp.allowed.test", dns::kSrv, "resolve _http._tcp.allowed.test"},
      {"_8443._https.Allowed.test", dns::kHttps, "resolve _8443._https.allowed.test"},
      // Labels that say more than a service carry data, also below an exact name.
      {"_x._y._z.allowed.test", dns::kSrv, "refuse _x._y._z.allowed.test audited"},
      {"_0123456789abcdef._tcp.allowed.test", dns::kSrv,
       "refuse _0123456789abcdef._tcp.allowed.test audited"},
      {"_x.allowed.test", dns::kA, "refuse _x.allowed.test audited"},
      {"allowed.test", dns::kTxt, "no data allowed.test"},
      {"allowed.test", dns::kAny, "no data allowed.test"},
      {"a.wild.test", 10, "no data a.wild.test"},
      {"wild.test", dns::kA, "refuse wild.test audited"},
      {"other.test", dns::kA, "refuse other.test audited"},
      {"10.0.0.1", dns::kA, "refuse 10.0.0.1 audited"},
      {"1.0.0.10.in-addr.arpa", dns::kPtr, "refuse 1.0.0.10.in-addr.arpa audited"},
      {"", dns::kA, "refuse  audited"},
      {"al\\000lowed.test", dns::kA, "refuse al\\000lowed.test audited"},
      // What the C library makes of a name by its search list; REFUSED would end its search.
      {"allowed.test.svc.cluster.local", dns::kA, "not there allowed.test.svc.cluster.local"},
      {"other.test.cluster.local", dns::kA, "not there other.test.cluster.local audited"},
      {"secrets.cluster.local", dns::kA, "not there secrets.cluster.local audited"},
      {"cluster.local", dns::kA, "refuse cluster.local audited"},
  };
  for (const auto& each : cases) EXPECT_EQ(judge("policy", each.name, each.type), each.expected) << each.name;
}

TEST(JudgeName, openAndOff) {
  EXPECT_EQ(judge("open", "Any.test", dns::kTxt), "resolve any.test audited");
  EXPECT_EQ(judge("open", "a\\032b.test", dns::kA), "refuse a\\032b.test audited");
  EXPECT_EQ(judge("off", "allowed.test", dns::kA), "refuse allowed.test audited");
}

TEST(NameBudget, E16_namesBelowWildcardsAreNoWayOutForData) {
  NameBudget budget;
  EXPECT_EQ(budget.spend("cdn-1.wild.test", kNow), "");
  EXPECT_EQ(budget.spend(std::string(49, 'a') + ".wild.test", kNow).substr(0, 21), "a label of 49 bytes b");
  int asked = 0;
  const auto encoded = [](int i) {
    return "nbswy3dpeb3w64tmmqqho2lunb2q" + std::to_string(i) + ".wild.test";
  };
  while (asked < 100 && budget.spend(encoded(asked), kNow).empty()) ++asked;
  EXPECT_GE(asked, 1);
  EXPECT_LE(asked, 6);
  EXPECT_EQ(budget.spend(encoded(0), kNow), "");  // what was asked before tells nobody anything new
  EXPECT_EQ(budget.spend(encoded(200), kNow + seconds(60)), "");

  NameBudget words;
  int plain = 0;
  while (plain < 1000 && words.spend("host" + std::to_string(plain) + ".wild.test", kNow).empty()) ++plain;
  EXPECT_GE(plain, 60);
  EXPECT_LE(plain, 200);
}

TEST(NameBudget, E16_serviceLabelsCostAsWell) {
  const auto engine = engine_of("policy");
  for (const char* host : {"allowed.test", "a.wild.test"}) {
    NameBudget budget;
    int resolved = 0;
    for (int i = 0; i < 1000; ++i)
      if (judge_name(*engine, "_" + std::to_string(i) + "._tcp." + host, dns::kSrv, {}, budget, kNow).kind ==
          NameVerdict::Kind::Resolve)
        ++resolved;
    EXPECT_GE(resolved, 60) << host;
    EXPECT_LE(resolved, 200) << host;
  }
}

TEST(LooksRandom, encodedDataAndNotWords) {
  for (const char* word :
       {"www", "rr3---sn-4g5e6nzl", "d111111abcdef8", "my-very-long-service-name-in-production",
        "ec2-203-0-113-25", "d41d8cd98f00b204e9800998ecf8427e"})
    EXPECT_FALSE(looks_random(word)) << word;
  for (const char* data : {"nbswy3dpeb3w64tmmqqho2lunb2q", "kZ8vQ2mXw7RtY4pLs9NcB3hJ"})
    EXPECT_TRUE(looks_random(data)) << data;
}

}  // namespace
}  // namespace nemoclaw::enforce
