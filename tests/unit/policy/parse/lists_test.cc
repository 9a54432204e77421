// The four-level list and the egress list: what they become in the model.
#include <gtest/gtest.h>

#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

const char kItem[] = R"(- name: code
  binary: {allow: [git, /opt/agent/**], deny: [/bin/sh]}
  destination: {allow: ["git.example.test", "*.Mirror.example.test:8443", "localhost:3000"], deny: [bad.example.test]}
  method: {allow: [GET, POST], deny: [DELETE]}
  path: {allow: ["/repo/**"], deny: ["/repo/admin/**"]}
)";

const NetworkEntry* entry(const Policy& policy, std::string_view key) {
  for (const NetworkEntry& each : policy.network)
    if (each.key == key) return &each;
  return nullptr;
}

TEST(FourLevelList, BecomesEntries) {
  const ParseOutcome outcome = parse_policy(kItem, "list.yaml");
  ASSERT_TRUE(outcome.policy) << rendered(kItem);
  ASSERT_EQ(outcome.policy->network.size(), 3u);
  const NetworkEntry* code = entry(*outcome.policy, "code");
  ASSERT_TRUE(code);
  // Six directories for the name, one glob.
  ASSERT_EQ(code->binaries->size(), 7u);
  EXPECT_EQ(code->binaries->at(0).path, "/usr/local/sbin/git");
  EXPECT_EQ(code->binaries->at(6).path, "/opt/agent/**");
  ASSERT_EQ(code->endpoints.size(), 3u);
  EXPECT_EQ(code->endpoints[2].host, "localhost");  // only here, by its name
  EXPECT_EQ(code->endpoints[0].ports, std::vector<uint16_t>{443});
  EXPECT_EQ(code->endpoints[1].host, "*.mirror.example.test");
  EXPECT_EQ(code->endpoints[1].ports, std::vector<uint16_t>{8443});
  EXPECT_EQ(code->endpoints[0].protocol, Protocol::Rest);
  ASSERT_EQ(code->endpoints[0].rules.size(), 2u);
  EXPECT_EQ(code->endpoints[0].rules[1].method, "POST");
  EXPECT_EQ(code->endpoints[0].rules[1].at.line, 5u);
  ASSERT_EQ(code->endpoints[0].deny_rules.size(), 2u);
  EXPECT_EQ(code->endpoints[0].deny_rules[0].method + code->endpoints[0].deny_rules[0].path, "DELETE/**");
  EXPECT_EQ(code->endpoints[0].deny_rules[1].method + code->endpoints[0].deny_rules[1].path,
            "*/repo/admin/**");
}

TEST(FourLevelList, DenialsAreEntriesWithoutAllow) {
  const ParseOutcome outcome = parse_policy(kItem, "list.yaml");
  ASSERT_TRUE(outcome.policy);
  const NetworkEntry* binaries = entry(*outcome.policy, "code: denied binaries");
  const NetworkEntry* hosts = entry(*outcome.policy, "code: denied destinations");
  ASSERT_TRUE(binaries && hosts);
  ASSERT_EQ(binaries->binaries->size(), 1u);
  EXPECT_EQ(binaries->binaries->at(0).path, "/bin/sh");
  EXPECT_EQ(binaries->endpoints.size(), 4u);
  EXPECT_EQ(hosts->binaries->size(), 8u);
  ASSERT_EQ(hosts->endpoints.size(), 1u);
  EXPECT_EQ(hosts->endpoints[0].host, "bad.example.test");
  EXPECT_TRUE(hosts->endpoints[0].rules.empty());
  ASSERT_EQ(hosts->endpoints[0].deny_rules.size(), 1u);
  EXPECT_EQ(hosts->endpoints[0].deny_rules[0].path, "/**");
}

TEST(FourLevelList, WithoutMethodAndPathAreConnections) {
  const char text[] =
      "policies:\n  - {binary: {allow: [\"*\"]}, destination: {allow: [db.example.test:5432]}}\n";
  const ParseOutcome outcome = parse_policy(text, "list.yaml");
  ASSERT_TRUE(outcome.policy) << rendered(text);
  ASSERT_EQ(outcome.policy->network.size(), 1u);
  EXPECT_EQ(outcome.policy->network[0].key, "item 1");
  EXPECT_FALSE(outcome.policy->network[0].binaries);
  EXPECT_EQ(outcome.policy->network[0].endpoints.at(0).protocol, Protocol::L4);
}

struct Bad {
  const char* text;
  std::vector<std::string> problems;
};

TEST(FourLevelList, SaysWhatIsWrong) {
  const Bad rows[] = {
      {"policies: []\nversion: 1\n", {"2:1 P0107"}},
      {"policies: []\negress: {rules: []}\n", {"2:1 P0107"}},
      {"- {destination: {allow: [a.example.test]}}\n", {"1:3 P0103"}},
      {"- {binary: {allow: [x]}, destination: {}}\n", {"1:39 P0440"}},
      {"- {binary: {allow: [x]}, destination: {deny: [a.example.test]}}\n", {"1:39 P0441"}},
      {"- {binary: {allow: [x]}, destination: {allow: [\"a.example.test:0\"]}}\n", {"1:48 P0442"}},
      {"- {binary: {allow: [x]}, destination: {allow: [\"127.0.0.1\"]}}\n", {"1:48 P0423"}},
      {"- {binary: {allow: [x]}, destination: {allow: [b.example.test], deny: [localhost]}}\n",
       {"1:72 P0443"}},
      {"- {binary: {allow: [x/y]}, destination: {allow: [a.example.test]}}\n", {"1:21 P0402"}},
      {"- &a {name: n, binary: {allow: [x]}, destination: {allow: [a.example.test]}}\n- *a\n", {"2:3 P0445"}},
      {"- {binary: {allow: [x]}, destination: {allow: [a.example.test]}, path: {allow: [x]}}\n",
       {"1:81 P0430"}},
      {"- {binary: {allow: [x]}, destination: {allow: [a.example.test]}, method: {alow: [x]}}\n",
       {"1:74 P0440", "1:75 P0101"}},
  };
  for (const Bad& row : rows) EXPECT_EQ(problems(row.text), row.problems) << row.text << rendered(row.text);
}

TEST(FourLevelList, TheProductIsBounded) {
  std::string methods, paths;
  for (int i = 0; i < 200; ++i) {
    methods += "M" + std::to_string(i) + ", ";
    paths += "/" + std::to_string(i) + ", ";
  }
  const std::string text =
      "- {binary: {allow: [x]}, destination: {allow: [a.example.test]}, method: {allow: [" + methods +
      "]}, path: {allow: [" + paths + "]}}\n";
  EXPECT_EQ(problems(text), std::vector<std::string>{"1:3 P0444"});
}

TEST(EgressList, IsOneEntryForAnyProcess) {
  const char text[] =
      "egress:\n  rules:\n    - {host: a.example.test, port: 443}\n    - {host: b.example.test, port: 22}\n";
  const ParseOutcome outcome = parse_policy(text, "list.yaml");
  ASSERT_TRUE(outcome.policy) << rendered(text);
  ASSERT_EQ(outcome.policy->network.size(), 1u);
  EXPECT_FALSE(outcome.policy->network[0].binaries);
  ASSERT_EQ(outcome.policy->network[0].endpoints.size(), 2u);
  EXPECT_EQ(outcome.policy->network[0].endpoints[1].at.line, 4u);
  EXPECT_EQ(problems("egress: {rules: [{host: localhost, port: 443}, {host: a.example.test}]}\n"),
            (std::vector<std::string>{"1:25 P0423", "1:48 P0103"}));
}

}  // namespace
}  // namespace nemoclaw::policy
