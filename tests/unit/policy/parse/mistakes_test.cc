// Twenty policies with mistakes that people make: every mistake is reported, each with a place and a way out.
#include <gtest/gtest.h>

#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

struct Mistaken {
  const char* text;
  std::vector<std::string> places;  // "line code"
};

const Mistaken kPolicies[] = {
    {R"(version: 1
filesystem_polcy: {read_only: [/usr]}
network_policies:
  a:
    endpoint:
      - {host: api.example.com, prot: 443}
)",
     {"2 P0101", "5 P0101", "5 P0103"}},
    {R"(version: 1
network_policies:
  - name: a
    endpoints: []
)",
     {"3 P0102"}},
    {R"(version: 1
network_policies:
  a:
    endpoints:
      - host: https://api.example.com/v1
        port: "443"
)",
     {"5 P0420", "6 P0102"}},
    {R"(version: 1
process: {run_as_user: root, capabilities: [SYS_ADMINN], max_processes: 0, syscalls: agnt}
)",
     {"2 P0301", "2 P0303", "2 P0105", "2 P0104"}},
    {R"(version: 1
filesystem_policy:
  read_write: [/, relative, /a/../b, /tmp/*]
)",
     {"3 P0205", "3 P0201", "3 P0202", "3 P0207"}},
    {R"(version: 1
network_policies:
  a:
    endpoints:
      - host: api.example.com
        port: 443
        protocol: rest
        rules:
          - allow: {method: GET}
          - allow: {path: /x}
          - method: GET
            path: /y
)",
     {"9 P0413", "10 P0432", "11 P0101", "11 P0103", "12 P0101"}},
    {R"(version: 1
network_policies:
  a:
    endpoints:
      - {host: "*", port: 443}
      - {host: "*.com", port: 443}
      - {host: 127.0.0.1, port: 443}
      - {port: 443}
)",
     {"5 P0422", "6 P0422", "7 P0423", "8 P0410"}},
    {"version: 1\nnetwork_policies:\n\ta: {}\n", {"3 P0003"}},
    {R"(version: 1
version: 1
)",
     {"2 P0011"}},
    {"version: 1\n---\nversion: 1\n", {"2 P0007"}},
    {R"(version: 2
)",
     {"1 P0110"}},
    {R"(network_policies: {}
)",
     {"1 P0103"}},
    {R"(version: 1
network_policies:
  a:
    endpoints: [{host: a.example.com, port: 443, tls: skip, protocol: rest, access: read-only}]
    binaries: []
)",
     {"4 P0414", "5 P0401"}},
    {R"(version: 1
network_policies:
  a:
    endpoints: [{host: a.example.com, port: 443, access: readonly}]
    binaries: [curl, {path: curl}, {path: /usr/bin/curl, sha256: abc}]
)",
     {"4 P0104", "5 P0102", "5 P0402", "5 P0403"}},
    {R"(version: 1
inbound: {port: 80}
dns: on
approval: {mode: asks}
audit: {bodies: always}
)",
     {"2 P0102", "3 P0102", "4 P0104", "5 P0104"}},
    {R"(version: 1
network_policies:
  a:
    endpoints: [{host: a.example.com, port: 443, tls: passthrough}]
  b:
    endpoints: [{host: "*.example.com", port: 443}]
)",
     {"6 P0416"}},
    {R"(- name: x
  binary: {allow: [curl]}
  destination: {allow: [localhost:99999], deny: [localhost]}
  methods: {allow: [GET]}
)",
     {"3 P0442", "3 P0443", "4 P0101"}},
    {R"(egress: {rules: [{host: a.example.com}, {hst: b, port: 70000}]}
)",
     {"1 P0103", "1 P0103", "1 P0101", "1 P0105"}},
    {R"(version: 1
integrity: {files: [{path: /a, sha256: xyz}], symlinks: [{directory: a}]}
landlock: {compatibility: hard}
)",
     {"2 P0403", "2 P0103", "2 P0201", "3 P0104"}},
    {R"(version: 1
network_policies:
  a:
    endpoints: [{host: a.example.com, port: 443, protocol: graphql, rules: [{allow: {operation_type: read}}, {allow: {path: /x}}], limits: {requests_per_minute: 0}}]
)",
     {"4 P0434", "4 P0104", "4 P0431", "4 P0434", "4 P0105"}},
};

TEST(Mistakes, AreReportedTogetherEachWithAPlaceAndARemedy) {
  for (const Mistaken& policy : kPolicies) {
    const ParseOutcome outcome = parse_policy(policy.text, "x.yaml");
    EXPECT_FALSE(outcome.policy);
    std::vector<std::string> places;
    for (const Diagnostic& each : outcome.diagnostics) {
      places.push_back(std::to_string(each.at.line) + " " + each.code);
      EXPECT_GT(each.at.column, 0u) << policy.text;
      EXPECT_FALSE(each.message.empty() || each.remedy.empty()) << each.message << "\n" << policy.text;
    }
    EXPECT_EQ(places, policy.places) << policy.text;
  }
}

}  // namespace
}  // namespace nemoclaw::policy
