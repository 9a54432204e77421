#include <gtest/gtest.h>

#include "policy/engine/engine.h"
#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

// Endpoints of one host, one entry each unless the text says more.
std::shared_ptr<const Engine> engine_of(const std::string& network) {
  auto outcome = parse_policy("version: 1\nnetwork_policies:\n" + network, "test.yaml");
  for (const Diagnostic& diagnostic : outcome.diagnostics)
    ADD_FAILURE() << render_text(diagnostic, "test.yaml", false);
  auto engine = Engine::compile(outcome.policy.value());
  EXPECT_TRUE(engine) << engine.error().message;
  return *engine;
}

L7Request request(const std::string& method, const std::string& path, const std::string& query = "") {
  const auto target = canonicalise_target(path + (query.empty() ? "" : "?" + query), true);
  EXPECT_TRUE(target.target) << target.reason;
  L7Request made;
  made.connection.caller.binary = "/usr/bin/curl";
  made.connection.host = "h.test";
  made.connection.port = 443;
  made.method = method;
  made.path = target.target->path;
  made.query = target.target->pairs;
  return made;
}

const char kRest[] = R"(  b_items:
    endpoints:
      - host: h.test
        port: 443
        protocol: rest
        limits: {requests_per_minute: 7}
        rules:
          - allow: {method: GET, path: /items/*}
          - allow: {method: POST, path: /items, query: {kind: "a*"}}
        deny_rules:
          - {method: "*", path: /items/secret}
  a_plain:
    endpoints: [{host: h.test, port: 443}]
)";

TEST(DecideL7, RestNamesRuleAndLine) {
  const auto engine = engine_of(kRest);
  const Decision decision = engine->decide_l7(request("GET", "/items/1"));
  EXPECT_EQ(decision.verdict, Verdict::Allow) << decision.reason;
  EXPECT_EQ(decision.layer, "l7");
  EXPECT_EQ(decision.entry, "b_items");
  EXPECT_EQ(decision.rule_index, 0);
  EXPECT_EQ(decision.rule_line, 10u);
  EXPECT_EQ(decision.limits.requests_per_minute, 7u);
  EXPECT_EQ(engine->decide_l7(request("HEAD", "/items/1")).rule_index, 0);
}

TEST(DecideL7, RestDenials) {
  const auto engine = engine_of(kRest);
  const struct {
    L7Request asked;
    const char *reason, *nearest;
  } cases[] = {
      {request("GET", "/items/secret"),
       "GET /items/secret not permitted by policy: deny rule * /items/secret", ""},
      {request("DELETE", "/items/1"), "DELETE /items/1 not permitted by policy",
       "entry 'b_items' (line 10, rule 0) allows GET /items/*; the method does not match"},
      {request("GET", "/other"), "GET /other not permitted by policy",
       "entry 'b_items' (line 10, rule 0) allows GET /items/*; the path does not match"},
      {request("POST", "/items", "kind=ab&kind=b"), "POST /items not permitted by policy",
       "entry 'b_items' (line 11, rule 1) allows POST /items with query kind; the query's key 'kind' does "
       "not match"},
      {request("POST", "/items"), "POST /items not permitted by policy",
       "entry 'b_items' (line 11, rule 1) allows POST /items with query kind; the query's key 'kind' does "
       "not match"},
      {request("GET", "/items/1", "_method=DELETE"), "DELETE /items/1 not permitted by policy", nullptr},
  };
  for (const auto& c : cases) {
    const Decision decision = engine->decide_l7(c.asked);
    EXPECT_EQ(decision.verdict, Verdict::Deny);
    EXPECT_EQ(decision.code, "policy_denied");
    EXPECT_EQ(decision.reason, c.reason);
    if (c.nearest) {
      EXPECT_EQ(decision.nearest, c.nearest);
    }
  }
  EXPECT_EQ(engine->decide_l7(request("POST", "/items", "kind=ab&x=y")).verdict, Verdict::Allow);
  L7Request overridden = request("GET", "/items/1");
  overridden.method_overrides = {"DELETE"};
  EXPECT_EQ(engine->decide_l7(overridden).verdict, Verdict::Deny);
}

TEST(DecideL7, PathChoosesAndSlashIsKeptOnlyWhereSaid) {
  const auto engine = engine_of(R"(  a:
    endpoints:
      - {host: h.test, port: 443, protocol: rest, access: full}
      - {host: h.test, port: 443, path: /repos/**, protocol: rest, access: read-only, allow_encoded_slash: true}
      - {host: h.test, port: 443, path: /graphql, protocol: graphql, access: read-only}
)");
  EXPECT_EQ(engine->decide_l7(request("DELETE", "/x")).verdict, Verdict::Allow);
  EXPECT_EQ(engine->decide_l7(request("DELETE", "/repos/x")).verdict, Verdict::Deny);
  EXPECT_EQ(engine->decide_l7(request("GET", "/repos/a%2Fb")).verdict, Verdict::Allow);
  EXPECT_EQ(engine->decide_l7(request("GET", "/x/a%2Fb")).code, "invalid_request");
  EXPECT_EQ(engine->decide_l7(request("POST", "/graphql")).code, "invalid_request");
  const auto plan = engine->plan_l7(request("POST", "/graphql").connection, "/graphql");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->protocol, Protocol::GraphQl);
}

TEST(DecideL7, AuditForwardsWhatRulesDenyButNotWhatCannotBeRead) {
  const auto engine = engine_of(R"(  a:
    endpoints:
      - {host: h.test, port: 443, protocol: graphql, enforcement: audit, access: read-only}
)");
  L7Request asked = request("POST", "/graphql");
  asked.graphql = GraphQlRequest{{{"query", "", {"a"}}, {"mutation", "M", {"b"}}}, ""};
  const Decision decision = engine->decide_l7(asked);
  EXPECT_EQ(decision.verdict, Verdict::Allow);
  EXPECT_TRUE(decision.would_deny);
  EXPECT_EQ(decision.code, "policy_denied");
  asked.graphql->error = "unexpected '}'";
  EXPECT_EQ(engine->decide_l7(asked).verdict, Verdict::Deny);
}

TEST(DecideL7, PersistedQueryByHashAloneIsDenied) {
  const auto engine =
      engine_of("  a:\n    endpoints: [{host: h.test, port: 443, protocol: graphql, access: full}]\n");
  L7Request asked = request("POST", "/graphql");
  asked.graphql = GraphQlRequest{{{"", "Q", {}}}, ""};
  EXPECT_EQ(engine->decide_l7(asked).verdict, Verdict::Deny);
  asked.graphql = GraphQlRequest{{{"subscription", "Q", {"x"}}}, ""};
  EXPECT_EQ(engine->decide_l7(asked).verdict, Verdict::Allow);
}

TEST(DecideL7, EveryFrameOfABatchAndEachTool) {
  const auto engine = engine_of(R"(  a:
    endpoints:
      - host: h.test
        port: 443
        protocol: mcp
        rules: [{allow: {method: tools/call, tool: "docs_*"}}, {allow: {method: ping}}]
        deny_rules: [{method: tools/call, tool: docs_drop}]
)");
  const auto verdict = [&](std::vector<RpcFrame> frames) {
    L7Request asked = request("POST", "/mcp");
    asked.rpc = RpcRequest{std::move(frames), false, ""};
    return engine->decide_l7(asked).verdict;
  };
  EXPECT_EQ(verdict({{"ping"}, {"tools/call", "docs_find"}, {"", "", true}}), Verdict::Allow);
  EXPECT_EQ(verdict({{"ping"}, {"tools/call", "other"}}), Verdict::Deny);
  EXPECT_EQ(verdict({{"ping"}, {"tools/call", "docs_drop"}}), Verdict::Deny);
  EXPECT_EQ(verdict({{"ping", "", true}}), Verdict::Deny);
  EXPECT_EQ(verdict({}), Verdict::Deny);
}

// What is missing is named for every protocol.
TEST(DecideL7, NearestRuleOfEveryProtocol) {
  const auto engine = engine_of(R"(  a:
    endpoints:
      - host: h.test
        port: 443
        path: /graphql
        protocol: graphql
        rules:
          - allow: {operation_type: query, operation_name: "Get*", fields: [a]}
      - host: h.test
        port: 443
        path: /mcp
        protocol: mcp
        rules: [{allow: {method: tools/call, tool: "docs_*"}}, {allow: {method: ping}}]
      - host: h.test
        port: 443
        path: /rpc
        protocol: json-rpc
        rules: [{allow: {method: reports.search}}]
      - host: h.test
        port: 443
        path: /v1/**
        protocol: rest
        rules: [{allow: {method: GET, path: /v1/x}}]
      - {host: h.test, port: 443, path: /v1/a/*, protocol: rest, access: read-only}
)");
  const auto graphql = [&](GraphQlOperation operation) {
    L7Request asked = request("POST", "/graphql");
    asked.graphql = GraphQlRequest{{std::move(operation)}, ""};
    return engine->decide_l7(asked).nearest;
  };
  const std::string query = "entry 'a' (line 10, rule 0) allows query Get* fields a; ";
  EXPECT_EQ(graphql({"mutation", "GetX", {"a"}}), query + "the operation's type does not match");
  EXPECT_EQ(graphql({"query", "", {"a"}}), query + "the operation's name does not match");
  EXPECT_EQ(graphql({"query", "GetX", {"a", "b"}}), query + "not all of the operation's fields are listed");
  const auto rpc = [&](const char* path, RpcFrame frame) {
    L7Request asked = request("POST", path);
    asked.rpc = RpcRequest{{std::move(frame)}, false, ""};
    return engine->decide_l7(asked).nearest;
  };
  const std::string call = "entry 'a' (line 15, rule 0) allows tools/call docs_*; ";
  EXPECT_EQ(rpc("/mcp", {"tools/call", "shell"}), call + "the tool does not match");
  EXPECT_EQ(rpc("/mcp", {"tools/list"}), call + "the method does not match");
  EXPECT_EQ(rpc("/rpc", {"reports.purge"}),
            "entry 'a' (line 20, rule 0) allows reports.search; the method does not match");
  EXPECT_EQ(engine->decide_l7(request("GET", "/v2")).nearest,
            "entry 'a' (line 5) covers /graphql; the path does not match");
  EXPECT_EQ(engine->decide_l7(request("POST", "/v1/a/b")).nearest,
            "entry 'a' (line 26) has access: read-only, which does not cover it");
}

TEST(DecideL7, WebSocket) {
  const auto engine = engine_of(R"(  a:
    endpoints:
      - host: h.test
        port: 443
        protocol: websocket
        rules: [{allow: {method: GET, path: /ws}}, {allow: {method: WEBSOCKET_TEXT, path: /ws}}]
)");
  EXPECT_EQ(engine->decide_l7(request("GET", "/ws")).rule_index, 0);
  EXPECT_EQ(engine->decide_l7(request("WEBSOCKET_TEXT", "/ws")).rule_index, 1);
  EXPECT_EQ(engine->decide_l7(request("WEBSOCKET_TEXT", "/x")).verdict, Verdict::Deny);
}

}  // namespace
}  // namespace nemoclaw::policy
