// Conversion to the full schema: nothing is lost, and a second conversion changes nothing.
#include "nemoclaw_source_tree.h"
#include "policy/parse/full_schema.h"

#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

// The YAML of the full schema, or what is wrong with the text.
std::string converted(std::string_view text) {
  const ParseOutcome outcome = parse_policy(text, "test.yaml");
  if (!outcome.policy) return "invalid: " + rendered(text);
  return to_yaml(convert_policy(*outcome.policy, text));
}

void expect_stable(std::string_view text) {
  const std::string once = converted(text);
  EXPECT_EQ(converted(once), once) << text;
  // As JSON, which is YAML as well.
  json::Writer writer(true);
  writer.value(convert_policy(*parse_policy(text, "test.yaml").policy, text));
  EXPECT_EQ(converted(writer.text()), once) << text;
}

TEST(FullSchema, EveryVectorIsStable) {
  const auto text = read_file(TEST_DATA_DIR "/policy-vectors.json");
  ASSERT_TRUE(text);
  const auto file = json::parse(*text);
  ASSERT_TRUE(file);
  size_t count = 0;
  for (const json::Value& vector : file->find("vectors")->array) {
    const std::string& policy = vector.find("policy")->string;
    if (!parse_policy(policy, "test.yaml").policy) continue;
    SCOPED_TRACE(vector.find("name")->string);
    expect_stable(policy);
    ++count;
  }
  EXPECT_EQ(count, 100u);
}

// Every key away from its default, so that a member that is forgotten is missed.
const char kEverything[] = R"(version: 1
filesystem_policy:
  include_workdir: true
  read_only:
    - /usr
  read_write:
    - /sandbox
  no_access:
    - /etc/shadow
  execute:
    - "/usr/bin/*"
landlock:
  compatibility: hard_requirement
process:
  run_as_user: agent
  run_as_group: "1000"
  start_as_root: true
  capabilities:
    - CAP_CHOWN
    - "ambient:CAP_NET_BIND_SERVICE"
  max_processes: 100
  max_open_files: 1024
  max_core_bytes: 4096
  path: "/bin:/usr/bin"
  keep_environment:
    - LD_PRELOAD
  no_new_privileges: false
  syscalls:
    base: docker
    allow:
      - ptrace
    deny:
      - mount
network_policies:
  "a: b":
    name: "yes"
    endpoints:
      - host: "*.wild.example.test"
        ports:
          - 443
          - 8443
        path: "/v1/**"
        protocol: rest
        enforcement: audit
        rules:
          - allow:
              method: GET
              path: "/v1/**"
              query:
                key:
                  any:
                    - a
                    - "1"
                other: "b*"
        deny_rules:
          - method: "*"
            path: /v1/admin
        allowed_ips:
          - "10.0.0.0/8"
        allow_encoded_slash: true
        limits:
          requests_per_minute: 10
          bytes_out_per_hour: 20
          body_bytes_max: 30
      - host: mcp.example.test
        port: 443
        protocol: mcp
        rules:
          - allow:
              method: tools-call
              tool: read
        mcp:
          allow_all_known_mcp_methods: true
      - host: graph.example.test
        port: 443
        protocol: graphql
        rules:
          - allow:
              operation_type: query
              operation_name: Read
              fields:
                - viewer
      - host: tunnel.example.test
        port: 443
        tls: passthrough
      - host: read.example.test
        port: 443
        protocol: rest
        access: read-only
    binaries:
      - path: /usr/bin/curl
        via: /opt/agent
        sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
      - script: /opt/tool
inbound:
  - port: 53
    protocol: udp
    from:
      - "10.0.0.0/8"
dns:
  mode: open
approval:
  mode: learn
  hold_ms: 10
  default_lifetime: once
integrity:
  files:
    - path: /etc/motd
      sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
  symlinks:
    - directory: /a
      must_point_into: /b
  read_only_mounts:
    - /c
audit:
  queries: keep
proxy_environment: false
inference:
  routes:
    - name: local
      provider: ollama
      experimental: true
      limits:
        requests_per_minute: 5
privacy:
  mode: observe
)";

TEST(FullSchema, NothingIsLost) { EXPECT_EQ(converted(kEverything), kEverything); }

TEST(FullSchema, DefaultsAreLeftOut) {
  EXPECT_EQ(converted("version: 1\nprocess: {syscalls: agent, max_processes: 512}\ndns: {mode: policy}\n"),
            "version: 1\nnetwork_policies: {}\n");
  EXPECT_EQ(
      converted("version: 1\nfilesystem_policy: {execute: []}\n"),
      "version: 1\nfilesystem_policy:\n  include_workdir: false\n  execute: []\nnetwork_policies: {}\n");
}

TEST(FullSchema, EveryFormBecomesTheSame) {
  const std::string expected =
      "version: 1\nnetwork_policies:\n  egress:\n    endpoints:\n      - host: a.example.test\n        port: "
      "22\n";
  EXPECT_EQ(converted("egress: {rules: [{host: a.example.test, port: 22}]}\n"), expected);
  EXPECT_EQ(
      converted(
          "- {name: egress, binary: {allow: [\"*\"]}, destination: {allow: [\"a.example.test:22\"]}}\n"),
      expected);
  EXPECT_EQ(converted("preset: {name: x}\nnetwork_policies: {egress: {endpoints: [{host: A.example.test, "
                      "port: 22}]}}\n"),
            expected);
  expect_stable(
      "- {binary: {allow: [git], deny: [/bin/sh]}, destination: {allow: [a.example.test], deny: "
      "[b.example.test]},"
      " method: {allow: [GET], deny: [POST]}}\n");
}

TEST(FullSchema, TextsThatLookLikeSomethingElseAreQuoted) {
  json::Value value =
      *json::parse(R"({"no":"off","a":["1.5","~","- x","# y","x: y","","a\nb","über", 3, true]})");
  EXPECT_EQ(to_yaml(value),
            "\"no\": \"off\"\na:\n  - \"1.5\"\n  - \"~\"\n  - \"- x\"\n  - \"# y\"\n  - \"x: y\"\n  - \"\"\n"
            "  - \"a\\nb\"\n  - \"über\"\n  - 3\n  - true\n");
}

}  // namespace
}  // namespace nemoclaw::policy
