// Whole files: what arrives in the model, the forms, and how problems are shown.
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/base/sha256.h"
#include "runtime/base/json.h"
#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

const char kFull[] = R"(version: 1
filesystem_policy:
  include_workdir: true
  read_only: [/usr/, /lib]
  read_write:
    - /sandbox
  no_access: [/etc/shadow]
  execute: ["/usr/bin/*"]
landlock: {compatibility: hard_requirement}
process:
  run_as_user: agent
  run_as_group: 1000
  capabilities: [chown, "ambient:NET_BIND_SERVICE"]
  max_processes: 100
  max_open_files: 1024
  syscalls: {base: docker, allow: [ptrace], deny: [mount]}
network_policies:
  zeta:
    name: Last
    endpoints:
      - host: "*.Example.test"
        ports: [8443, 443, 443]
        access: read-write
        enforcement: audit
    binaries:
      - path: /usr//bin/curl
        sha256: BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD
  alpha:
    endpoints:
      - {port: 5432, allowed_ips: [10.0.0.0/8]}
inbound: [{port: 8080}]
dns: {mode: open}
approval: {mode: learn, hold_ms: 10}
audit: {queries: keep}
proxy_environment: false
privacy: {mode: observe}
)";

TEST(ParsePolicy, EveryValueArrives) {
  const ParseOutcome outcome = parse_policy(kFull, "/etc/nemoclaw/policies/dev.yaml");
  ASSERT_TRUE(outcome.policy) << rendered(kFull);
  const Policy& p = *outcome.policy;
  EXPECT_EQ(p.name, "dev");
  EXPECT_EQ(p.digest, "sha256:" + sha256_hex(kFull));
  EXPECT_TRUE(p.filesystem.present && p.filesystem.include_workdir);
  EXPECT_EQ(p.filesystem.read_only[0].path, "/usr");
  EXPECT_EQ(p.filesystem.read_write[0].at.line, 6u);
  EXPECT_EQ(p.filesystem.read_write[0].at.column, 7u);
  EXPECT_EQ(p.filesystem.execute->at(0).path, "/usr/bin/*");
  EXPECT_TRUE(p.landlock.hard_requirement);
  EXPECT_EQ(p.process.run_as_user, "agent");
  EXPECT_EQ(p.process.run_as_user_at.line, 11u);
  EXPECT_EQ(p.process.run_as_group, "1000");
  EXPECT_EQ(p.process.capabilities, (std::vector<std::string>{"CAP_CHOWN", "CAP_NET_BIND_SERVICE"}));
  EXPECT_EQ(p.process.ambient_capabilities, (std::vector<std::string>{"CAP_NET_BIND_SERVICE"}));
  EXPECT_EQ(p.process.max_processes, 100u);
  EXPECT_EQ(p.process.max_open_files, 1024u);
  EXPECT_EQ(p.process.syscalls, SyscallBase::Docker);
  EXPECT_EQ(p.process.syscalls_allow, (std::vector<std::string>{"ptrace"}));
  EXPECT_EQ(p.process.syscalls_deny, (std::vector<std::string>{"mount"}));
  ASSERT_EQ(p.network.size(), 2u);
  EXPECT_EQ(p.network[0].key, "alpha");
  EXPECT_EQ(p.network[0].name, "alpha");
  EXPECT_FALSE(p.network[0].binaries);
  EXPECT_EQ(p.network[0].endpoints[0].allowed_ips, (std::vector<std::string>{"10.0.0.0/8"}));
  EXPECT_EQ(p.network[1].name, "Last");
  const Endpoint& wild = p.network[1].endpoints[0];
  EXPECT_EQ(wild.host, "*.example.test");
  EXPECT_EQ(wild.ports, (std::vector<uint16_t>{443, 8443}));
  EXPECT_EQ(wild.access, Access::ReadWrite);
  EXPECT_EQ(wild.enforcement, Enforcement::Audit);
  EXPECT_EQ(wild.protocol, Protocol::Rest);
  EXPECT_FALSE(wild.protocol_written);
  EXPECT_EQ(p.network[1].binaries->at(0).path, "/usr/bin/curl");
  EXPECT_EQ(p.network[1].binaries->at(0).sha256, sha256_hex("abc"));
  EXPECT_EQ(p.inbound[0].port, 8080);
  EXPECT_EQ(p.dns, DnsMode::Open);
  EXPECT_EQ(p.approval, ApprovalMode::Learn);
  EXPECT_EQ(p.approval_hold_ms, 10u);
  EXPECT_FALSE(p.audit_queries_redact);
  EXPECT_FALSE(p.proxy_environment);
  EXPECT_TRUE(p.privacy_present);
  EXPECT_FALSE(p.inference_present);
}

TEST(ParsePolicy, DefaultsWhenNothingIsWritten) {
  const auto outcome = parse_policy("version: 1\n", "x.yml");
  ASSERT_TRUE(outcome.policy);
  EXPECT_EQ(outcome.policy->name, "x");
  EXPECT_FALSE(outcome.policy->filesystem.present);
  EXPECT_TRUE(outcome.policy->filesystem.include_workdir);
  EXPECT_TRUE(outcome.policy->process.no_new_privileges);
  EXPECT_EQ(outcome.policy->process.max_processes, 512u);
  EXPECT_EQ(outcome.policy->dns, DnsMode::Policy);
  // A section that is written says all it means.
  EXPECT_FALSE(parse_policy("version: 1\nfilesystem_policy: {}\n", "x").policy->filesystem.include_workdir);
}

TEST(ParsePolicy, RulesWithoutProtocol) {
  const auto protocol_of = [](const std::string& body) {
    const auto outcome = parse_policy(
        "version: 1\nnetwork_policies: {a: {endpoints: [{host: a.example.test, port: 1, " + body + "}]}}\n",
        "x");
    EXPECT_TRUE(outcome.policy) << body;
    return outcome.policy ? outcome.policy->network[0].endpoints[0].protocol : Protocol::Tcp;
  };
  EXPECT_EQ(protocol_of("access: full"), Protocol::L4);
  EXPECT_EQ(protocol_of("rules: [{allow: {method: '*', path: '/**'}}]"), Protocol::L4);
  EXPECT_EQ(protocol_of("access: read-only"), Protocol::Rest);
  EXPECT_EQ(protocol_of("rules: [{allow: {method: GET, path: '/**'}}]"), Protocol::Rest);
  EXPECT_EQ(protocol_of("rules: [{allow: {method: '*', path: '/**', query: {a: b}}}]"), Protocol::Rest);
  EXPECT_EQ(protocol_of("access: full, deny_rules: [{method: DELETE, path: '/**'}]"), Protocol::Rest);
}

TEST(ParsePolicy, Preset) {
  const auto outcome = parse_policy(R"(preset: {name: slack, description: Slack's API}
network_policies:
  slack:
    endpoints: [{host: slack.com, port: 443}]
)",
                                    "whatever.yaml");
  ASSERT_TRUE(outcome.policy);
  EXPECT_TRUE(outcome.policy->is_preset);
  EXPECT_EQ(outcome.policy->name, "slack");
  EXPECT_EQ(outcome.policy->description, "Slack's API");
  EXPECT_EQ(outcome.policy->network.size(), 1u);
  using Problems = std::vector<std::string>;
  EXPECT_EQ(problems("preset: {name: x}\n"), Problems{"1:1 P0103"});
  EXPECT_EQ(problems("preset: {name: x}\nnetwork_policies: {}\nprocess: {}\n"), Problems{"3:1 P0101"});
}

TEST(ParsePolicy, Forms) {
  using Problems = std::vector<std::string>;
  EXPECT_EQ(problems("version: 2\n"), Problems{"1:10 P0110"});
  EXPECT_EQ(problems("network_policies: {}\n"), Problems{"1:1 P0103"});
  EXPECT_EQ(problems("version: 1\npreset: {name: x}\nnetwork_policies: {}\n"), Problems{"2:1 P0107"});
  EXPECT_EQ(problems("version: 1\negress: {rules: []}\n"), Problems{"2:1 P0107"});
  EXPECT_EQ(problems("egress: {rules: [{host: a.test, port: 443}]}\n"), Problems{});
  EXPECT_EQ(problems("policies: []\n"), Problems{});
  EXPECT_EQ(problems("- {name: a, binary: {allow: [curl]}, destination: {allow: [a.test]}}\n"), Problems{});
}

TEST(ParsePolicy, EverythingIsReportedAtOnceInOrder) {
  const char text[] = R"(version: 1
netwrok_policies: {}
filesystem_policy:
  read_write: [/, relative]
  raed_only: []
process: {run_as_user: root, max_processes: x}
)";
  EXPECT_EQ(problems(text), (std::vector<std::string>{"2:1 P0101", "4:16 P0205", "4:19 P0201", "5:3 P0101",
                                                      "6:24 P0301", "6:45 P0102"}));
}

TEST(Render, TextHasTheLineACaretAndHelp) {
  const auto outcome = parse_policy("version: 1\nnetwrok_policies: {}\n", "a.yaml");
  ASSERT_EQ(outcome.diagnostics.size(), 1u);
  EXPECT_EQ(render_text(outcome.diagnostics[0], "a.yaml", false),
            "a.yaml:2:1: error P0101: unknown key 'netwrok_policies' in the policy\n"
            "  | netwrok_policies: {}\n"
            "  | ^\n"
            "  = help: did you mean 'network_policies'?\n");
  EXPECT_EQ(
      render_line(outcome.diagnostics[0], "a.yaml"),
      "a.yaml:2:1: P0101: unknown key 'netwrok_policies' in the policy; did you mean 'network_policies'?");
  EXPECT_NE(render_text(outcome.diagnostics[0], "a.yaml", true).find("\033[1;31merror P0101"),
            std::string::npos);
}

TEST(Render, HostileBytesCannotReachTheTerminal) {
  const std::string text =
      "version: 1\n\"a\\e[31m\\nb\": \xc2\x9b"
      "31m\n";
  for (const Diagnostic& d : parse_policy(text, "a.yaml").diagnostics) {
    for (const std::string& shown : {render_text(d, "a.yaml", false), render_line(d, "a.yaml")}) {
      EXPECT_EQ(shown.find('\033'), std::string::npos);
      EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos);
    }
    EXPECT_EQ(render_line(d, "a.yaml").find('\n'), std::string::npos);
  }
}

TEST(Render, JsonIsReadable) {
  const auto outcome = parse_policy("version: 1\nx: 1\nprocess: {run_as_user: \"ro\\\"ot\"}\n", "a.yaml");
  auto parsed = json::parse(render_json(outcome.diagnostics, "a.yaml"));
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->array.size(), 2u);
  EXPECT_EQ(parsed->array[0].find("code")->string, "P0101");
  EXPECT_EQ(parsed->array[0].find("line")->integer, 2);
  EXPECT_EQ(parsed->array[1].find("column")->integer, 24);
  EXPECT_EQ(parsed->array[1].find("severity")->string, "error");
}

TEST(LoadPolicy, ReportsEveryErrorOrTheUnreadableFile) {
  const std::string file = testing::TempDir() + "load_policy_test.yaml";
  ASSERT_TRUE(write_file_atomic(file, "version: 1\na: 1\nb: 2\n", 0600));
  const auto broken = load_policy(file);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find(":2:1: P0101"), std::string::npos);
  EXPECT_NE(broken.error().message.find("\n" + file + ":3:1: P0101"), std::string::npos);
  ASSERT_TRUE(write_file_atomic(file, "version: 1\n", 0600));
  const auto good = load_policy(file);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->name, "load_policy_test");
  ASSERT_TRUE(remove_tree(file));
  const auto missing = load_policy(file);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().errno_value, ENOENT);
}

}  // namespace
}  // namespace nemoclaw::policy
