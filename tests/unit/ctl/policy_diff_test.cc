// What `policy diff` says about pairs of policies.
#include <gtest/gtest.h>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_difference.h"
#include "policy/parse/parse.h"
#include "runtime/base/json.h"
#include "tests/unit/ctl/policy_fixture.h"

namespace nemoclaw::ctl {
namespace {

policy::Policy read(const std::string& text) {
  auto outcome = policy::parse_policy(text, "test.yaml");
  EXPECT_TRUE(outcome.policy) << text << policy::render_line(outcome.diagnostics.at(0), "test.yaml");
  return outcome.policy.value_or(policy::Policy());
}

std::vector<std::string> texts(const std::vector<Change>& changes) {
  std::vector<std::string> found;
  for (const Change& change : changes) found.push_back(change.kind + ": " + change.text);
  return found;
}

std::string web(const std::string& endpoint) {
  return "version: 1\nnetwork_policies:\n  web: {binaries: [{path: /bin/curl}], endpoints: [{" + endpoint +
         "}]}\n";
}

struct Row {
  std::string before, after;
  std::vector<std::string> possible, stops, other;
};

TEST(PolicyDiff, BothWays) {
  const std::string plain = "host: a.x.test, port: 443", none = "version: 1\n";
  const std::string rest = plain + ", protocol: rest, ";
  const Row rows[] = {
      {none, web(plain), {"network: connections to a.x.test:443 by /bin/curl"}, {}, {"entry: web is added"}},
      // A wildcard covers the names below it.
      {web(plain),
       web("host: \"*.x.test\", port: 443"),
       {"network: connections to *.x.test:443 by /bin/curl"},
       {},
       {}},
      // Connections of any kind cover every request; a rule does not cover them.
      {web(plain),
       web(rest + "rules: [{allow: {method: GET, path: \"/v1/**\"}}]"),
       {},
       {"network: connections to a.x.test:443 by /bin/curl"},
       {}},
      {web(rest + "rules: [{allow: {method: GET, path: \"/v1/**\"}}]"),
       web(rest + "rules: [{allow: {method: GET, path: \"/v1/a\"}}, {allow: {method: POST, path: /v1/a}}]"),
       {"network: POST /v1/a at a.x.test:443 by /bin/curl"},
       {"network: GET /v1/** at a.x.test:443 by /bin/curl"},
       {}},
      {web(rest + "access: read-only"),
       web(rest + "rules: [{allow: {method: GET, path: \"/**\"}}]"),
       {},
       {"network: OPTIONS /** at a.x.test:443 by /bin/curl"},
       {}},
      {web(rest + "access: full"),
       web(rest + "access: full, deny_rules: [{method: PUT, path: /x}]"),
       {},
       {"deny rule: PUT /x at a.x.test:443 by /bin/curl"},
       {}},
      // The same method in another case.
      {web(rest + "rules: [{allow: {method: get, path: /a}}]"),
       web(rest + "rules: [{allow: {method: GET, path: /a}}]"),
       {},
       {},
       {}},
      // What access opens depends on the protocol.
      {web(plain + ", protocol: graphql, access: read-only"),
       web(plain + ", protocol: graphql, access: read-write"),
       {"network: mutation (graphql) at a.x.test:443 by /bin/curl"},
       {},
       {}},
      {web(plain + ", protocol: graphql, rules: [{allow: {operation_type: query, fields: [a]}}]"),
       web(plain + ", protocol: graphql, access: read-only"),
       {"network: query (graphql) at a.x.test:443 by /bin/curl"},
       {},
       {}},
      {web(plain + ", protocol: websocket, access: read-only"),
       web(plain + ", protocol: websocket, rules: [{allow: {method: WEBSOCKET_TEXT, path: /**}}]"),
       {"network: WEBSOCKET_TEXT /** (websocket) at a.x.test:443 by /bin/curl"},
       {"network: GET /** (websocket) at a.x.test:443 by /bin/curl",
        "network: OPTIONS /** (websocket) at a.x.test:443 by /bin/curl"},
       {}},
      {web(plain + ", protocol: mcp, rules: [{allow: {method: ping}}]"),
       web(plain + ", protocol: mcp, mcp: {allow_all_known_mcp_methods: true}"),
       {"network: known methods of MCP (mcp) at a.x.test:443 by /bin/curl",
        "network: tools/call (mcp) at a.x.test:443 by /bin/curl"},
       {},
       {}},
      {web(plain + ", protocol: mcp, access: read-only"),
       web(plain + ", protocol: mcp, access: full"),
       {"network: * /** (mcp) at a.x.test:443 by /bin/curl"},
       {},
       {}},
      {web(plain),
       web("host: a.x.test, port: 443, allowed_ips: [10.0.0.0/8]"),
       {"network: connections to a.x.test:443 by /bin/curl under {\"allowed_ips\":[\"10.0.0.0/8\"]}"},
       {"network: connections to a.x.test:443 by /bin/curl"},
       {}},
      {"version: 1\nfilesystem_policy: {read_only: [/usr, /etc], read_write: [/a]}\n",
       "version: 1\nfilesystem_policy: {read_only: [/usr, /a], read_write: [/etc], execute: [/usr/bin/x]}\n",
       {"files: writing /etc"},
       {"files: executing everything that can be read", "files: writing /a"},
       {}},
      {"version: 1\nfilesystem_policy: {read_only: [/usr], no_access: [/usr/x]}\n",
       "version: 1\nfilesystem_policy: {read_only: [/usr/lib]}\n",
       {"files: seeing /usr/x"},
       {"files: reading /usr"},
       {}},
      {"version: 1\nprocess: {capabilities: [CHOWN], max_processes: 5}\n",
       "version: 1\nprocess: {run_as_user: agent, max_processes: 6}\n",
       {"process: 6 processes instead of 5"},
       {"process: capability CAP_CHOWN"},
       {"process: run_as_user: (default) -> agent"}},
      {none,
       "version: 1\ndns: {mode: open}\n",
       {"dns: looking up names that the policy does not allow"},
       {},
       {}},
      {none, "version: 1\ndns: {mode: off}\n", {}, {"dns: looking up names that the policy allows"}, {}},
      {"version: 1\ninbound: [{port: 80, from: [10.0.0.0/8]}]\n",
       "version: 1\ninbound: [{port: 80, from: [10.1.0.0/16, 192.168.0.0/16]}, {port: 53, protocol: udp}]\n",
       {"inbound: connections to tcp port 80 from 192.168.0.0/16",
        "inbound: connections to udp port 53 from anywhere"},
       {"inbound: connections to tcp port 80 from 10.0.0.0/8"},
       {}},
      {"version: 1\nlandlock: {compatibility: hard_requirement}\nintegrity: {read_only_mounts: [/a]}\n",
       "version: 1\nintegrity: {symlinks: [{directory: /b, must_point_into: /c}]}\n",
       {"integrity: starting when /a is no read-only mount",
        "landlock: starting where the kernel lacks a protection"},
       {"integrity: starting when a link in /b leads out of /c"},
       {}},
      {none,
       "version: 1\napproval: {mode: ask}\n",
       {},
       {},
       {"setting: approval: (default) -> {\"mode\":\"ask\"}"}},
      {web(rest + "access: full, limits: {requests_per_minute: 10}"),
       web(rest + "access: full, limits: {requests_per_minute: 20}"),
       {"network: * /** at a.x.test:443 by /bin/curl, at most 20 requests a minute"},
       {},
       {}},
      {web(rest + "access: full"),
       web(rest + "access: full, limits: {requests_per_minute: 5, body_bytes_max: 9}"),
       {},
       {"network: * /** at a.x.test:443 by /bin/curl"},
       {}},
      // audit forwards everything.
      {web(rest + "access: read-only, deny_rules: [{method: GET, path: /x}]"),
       web(rest + "access: read-only, enforcement: audit, deny_rules: [{method: GET, path: /x}]"),
       {"deny rule: GET /x at a.x.test:443 by /bin/curl", "network: * /** at a.x.test:443 by /bin/curl"},
       {},
       {}},
      {web(plain + ", protocol: graphql, rules: [{allow: {operation_type: query, fields: [a]}}]"),
       web(plain + ", protocol: graphql, rules: [{allow: {operation_type: query, fields: [a, b]}}]"),
       {"network: query of a, b (graphql) at a.x.test:443 by /bin/curl"},
       {"network: query of a (graphql) at a.x.test:443 by /bin/curl"},
       {}},
  };
  for (const Row& row : rows) {
    const Difference forward = compare(read(row.before), read(row.after));
    EXPECT_EQ(texts(forward.possible), row.possible) << row.before << row.after;
    EXPECT_EQ(texts(forward.stops), row.stops) << row.before << row.after;
    EXPECT_EQ(texts(forward.other), row.other) << row.before << row.after;
    const Difference same = compare(read(row.after), read(row.after));
    EXPECT_TRUE(same.possible.empty() && same.stops.empty() && same.other.empty()) << row.after;
  }
}

using PolicyDiffCommand = PolicyFiles;

TEST_F(PolicyDiffCommand, PrintsAndExits) {
  write("a.yaml", "version: 1\n");
  write("b.yaml", "version: 1\nprocess: {capabilities: [KILL]}\n");
  write("bad.yaml", "version: 2\n");
  ASSERT_EQ(run(policy_diff(), {path("a.yaml"), path("b.yaml")}), kExitFine) << err_;
  EXPECT_EQ(out_, "becomes possible:\n  + process    capability CAP_KILL\n");
  ASSERT_EQ(run(policy_diff(), {path("b.yaml"), path("a.yaml")}), kExitFine) << err_;
  EXPECT_EQ(out_, "stops:\n  - process    capability CAP_KILL\n");
  ASSERT_EQ(run(policy_diff(), {path("a.yaml"), path("a.yaml")}), kExitFine);
  EXPECT_EQ(out_, "both policies mean the same\n");
  ASSERT_EQ(run(policy_diff(), {"--format", "json", path("a.yaml"), path("b.yaml")}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  EXPECT_EQ(parsed->find("becomes_possible")->array.at(0).find("what")->string, "capability CAP_KILL");
  EXPECT_TRUE(parsed->find("stops")->array.empty());
  EXPECT_EQ(run(policy_diff(), {path("a.yaml"), path("bad.yaml")}), kExitNo);
  EXPECT_EQ(run(policy_diff(), {path("a.yaml"), path("missing.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_diff(), {path("a.yaml")}), kExitUsage);
}

}  // namespace
}  // namespace nemoclaw::ctl
