// What the proxy and the fence are told, in words and as JSON.
#include "ctl/explain.h"

#include <gtest/gtest.h>

#include "ctl/rule_text.h"
#include "policy/parse/parse.h"

namespace nemoclaw::ctl {
namespace {

policy::Policy read(const std::string& text) {
  auto outcome = policy::parse_policy(text, "test.yaml");
  EXPECT_TRUE(outcome.policy) << text;
  return outcome.policy.value_or(policy::Policy());
}

const char kPolicy[] = R"(version: 1
network_policies:
  api:
    endpoints:
      - host: a.example.test
        ports: [80, 443]
        rules:
          - allow: {method: GET, path: "/v1/**", query: {tag: {any: [a, b]}, page: "1"}}
        deny_rules:
          - {method: "*", path: /v1/secret}
        limits: {requests_per_minute: 60, body_bytes_max: 10}
      - {host: b.example.test, port: 443, protocol: graphql, enforcement: audit, rules: [{allow: {operation_type: query, operation_name: "Get*", fields: [viewer]}}]}
      - {host: c.example.test, port: 443, protocol: mcp, mcp: {allow_all_known_mcp_methods: true}, rules: [{allow: {tool: "search_*"}}]}
      - {host: d.example.test, port: 443, tls: skip}
      - {host: e.example.test, port: 443, protocol: rest, access: read-only, allow_encoded_slash: true}
inbound: [{port: 8080, from: [10.0.0.0/8]}]
dns: {mode: open}
privacy: {mode: observe}
)";

TEST(Explain, SaysWhatTheProxyIsTold) {
  const std::string text = explain_network(read(kPolicy));
  for (const char* line :
       {"'api' for any process of the sandbox  (line 3)", "a.example.test port 80, 443  (line 5)",
        "judged: each request, as rest (implied by rules or access)",
        "allows: GET /v1/** with query tag=a|b and page=1  (line 8)", "denies: * /v1/secret  (line 10)",
        "limits: at most 60 requests a minute and 10 bytes a body", "as graphql, denials only recorded",
        "allows: query named Get* of viewer", "allows: every method that the MCP specification has",
        "allows: of search_*", "connections, tls passed through",
        "allows: what only reads (access: read-only): GET, HEAD, OPTIONS; queries", "'%2F' is kept",
        "everything else is refused", "every name (dns.mode: open)",
        "tcp port 8080 from 10.0.0.0/8  (line 1", "not yet in force\n  privacy"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST(Explain, SaysSoIfNothingIsAllowed) {
  const std::string text = explain_network(read("version: 1\ndns: {mode: off}\n"));
  EXPECT_NE(text.find("every connection is refused"), std::string::npos) << text;
  EXPECT_NE(text.find("names that are answered\n  none"), std::string::npos) << text;
  EXPECT_NE(text.find("nobody else"), std::string::npos) << text;
  EXPECT_EQ(text.find("not yet in force"), std::string::npos) << text;
}

TEST(Explain, OfAPresetIsItsConnections) {
  const std::string text = explain_network(read("preset: {name: x}\nnetwork_policies: {}\n"));
  EXPECT_EQ(text.find("may connect to the sandbox"), std::string::npos) << text;
}

TEST(Explain, JsonHasTheSame) {
  json::Writer writer;
  writer.begin_object();
  write_network(writer, read(kPolicy));
  const auto parsed = json::parse(writer.end_object().take());
  ASSERT_TRUE(parsed);
  const json::Value& endpoint = parsed->find("network")->array.at(0).find("endpoints")->array.at(0);
  EXPECT_EQ(endpoint.find("allow")->array.at(0).find("line")->integer, 8);
  EXPECT_EQ(endpoint.find("deny")->array.at(0).find("rule")->string, "* /v1/secret");
  EXPECT_EQ(endpoint.find("limits")->string, "at most 60 requests a minute and 10 bytes a body");
  EXPECT_EQ(parsed->find("dns")->string, "open");
  EXPECT_EQ(parsed->find("inbound")->array.at(0).find("port")->integer, 8080);
  EXPECT_EQ(parsed->find("not_in_force")->array.size(), 1u);
}

TEST(Explain, TextForTheTerminalIsHarmless) {
  policy::Rule rule;
  rule.tool = "a\033[2J";
  EXPECT_EQ(rule_text(rule).find('\033'), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::ctl
