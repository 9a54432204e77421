// Every rule once fulfilled and once broken, with its code.
#include <gtest/gtest.h>

#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

struct RuleCase {
  std::string body;  // below "version: 1\n"
  const char* code;  // "" fine
};

void run(const std::vector<RuleCase>& cases) {
  for (const RuleCase& c : cases) {
    const std::string text = "version: 1\n" + c.body;
    const ParseOutcome outcome = parse_policy(text, "test.yaml");
    EXPECT_EQ(outcome.policy.has_value(), *c.code == '\0') << text << rendered(text);
    if (*c.code == '\0') {
      EXPECT_TRUE(outcome.diagnostics.empty()) << rendered(text);
      continue;
    }
    ASSERT_EQ(outcome.diagnostics.size(), 1u) << text << rendered(text);
    EXPECT_EQ(outcome.diagnostics[0].code, c.code) << text << rendered(text);
    EXPECT_GT(outcome.diagnostics[0].at.line, 1u) << text;
    EXPECT_FALSE(outcome.diagnostics[0].source_line.empty()) << text;
  }
}

std::string filesystem(const std::string& body) { return "filesystem_policy: {" + body + "}\n"; }
std::string process(const std::string& body) { return "process: {" + body + "}\n"; }
std::string endpoint(const std::string& body) {
  return "network_policies: {a: {endpoints: [{" + body + "}]}}\n";
}
std::string binary(const std::string& body) {
  return "network_policies: {a: {endpoints: [{host: a.example.test, port: 443}], binaries: [{" + body +
         "}]}}\n";
}

TEST(Rules, Filesystem) {
  std::string many = "read_only: [";
  for (int i = 0; i < 256; ++i) many += "/d" + std::to_string(i) + ", ";
  run({
      {filesystem("read_only: [/usr, /etc/ssl/], read_write: [/tmp], no_access: [/etc/shadow], execute: "
                  "[/usr/bin, '/opt/**', '**/node']"),
       ""},
      {filesystem(""), ""},
      {filesystem("read_only: [usr]"), "P0201"},
      {filesystem("read_only: ['~/x']"), "P0201"},
      {filesystem("read_only: ['']"), "P0201"},
      {filesystem("read_write: [/a/../b]"), "P0202"},
      {filesystem("read_write: [/a/..b]"), ""},
      {filesystem("execute: ['**/../x']"), "P0202"},
      {filesystem("no_access: [/" + std::string(4096, 'x') + "]"), "P0203"},
      {filesystem("no_access: [/" + std::string(4095, 'x') + "]"), ""},
      {filesystem(many + "]"), ""},
      {filesystem(many + "/last]"), "P0204"},
      {filesystem("read_write: [/]"), "P0205"},
      {filesystem("read_write: [//]"), "P0205"},
      {filesystem("read_write: [/.]"), "P0205"},
      {filesystem("read_only: [/]"), ""},
      {filesystem("read_only: [\"/a\\nb\"]"), "P0206"},
      {filesystem("read_only: ['/home/*/x']"), "P0207"},
      {filesystem("execute: ['/opt/a**']"), "P0208"},
      {filesystem("read_olny: []"), "P0101"},
      {"landlock: {compatibility: hard_requirement}\n", ""},
      {"landlock: {compatibility: hard}\n", "P0104"},
  });
}

TEST(Rules, Process) {
  run({
      {process("run_as_user: agent, run_as_group: 1000"), ""},
      {process("run_as_user: root"), "P0301"},
      {process("run_as_user: 0"), "P0301"},
      {process("run_as_user: '000'"), "P0301"},
      {process("run_as_group: 4294967295"), "P0301"},
      {process("run_as_group: '04294967295'"), "P0301"},
      {process("run_as_user: 4294967296"), "P0302"},
      {process("run_as_user: 'a:b'"), "P0302"},
      {process("run_as_user: '-x'"), "P0302"},
      {process("run_as_user: 0x0"), "P0302"},
      {process("capabilities: [CHOWN, CAP_SETUID, setgid, 'ambient:KILL']"), ""},
      {process("capabilities: [CAP_SYS_ADMINN]"), "P0303"},
      {process("capabilities: ['ambient:X']"), "P0303"},
      {process("capabilities: [ALL]"), "P0303"},
      {process("path: '/usr/bin:/bin'"), ""},
      {process("path: 'bin:/usr/bin'"), "P0304"},
      {process("path: '/usr/bin:'"), "P0304"},
      {process("keep_environment: [LD_PRELOAD]"), ""},
      {process("keep_environment: ['A=B']"), "P0305"},
      {process("syscalls: {base: docker, allow: [io_uring_setup], deny: [ptrace]}"), ""},
      {process("syscalls: {allow: ['mount;']}"), "P0306"},
      {process("syscalls: {allowed: []}"), "P0101"},
      {process("max_open_files: 1"), "P0105"},
      {process("no_new_privileges: false, max_core_bytes: 0"), ""},
  });
}

TEST(Rules, Endpoint) {
  run({
      {endpoint("host: a.example.test, port: 443"), ""},
      {endpoint("host: a.example.test, ports: [443, 80]"), ""},
      {endpoint("host: a.example.test"), "P0409"},
      {endpoint("host: a.example.test, ports: []"), "P0409"},
      {endpoint("host: a.example.test, port: 443, ports: [80]"), "P0408"},
      {endpoint("host: a.example.test, port: 0"), "P0105"},
      {endpoint("host: a.example.test, ports: [65536]"), "P0105"},
      {endpoint("port: 443"), "P0410"},
      {endpoint("port: 443, allowed_ips: [10.0.0.0/8, 'fd00::/8', 192.168.1.1]"), ""},
      {endpoint("host: a.example.test, port: 443, allowed_ips: []"), "P0411"},
      {endpoint("host: a.example.test, port: 443, allowed_ips: [10.0.0.1/8]"), "P0411"},
      {endpoint("host: a.example.test, port: 443, allowed_ips: [localhost]"), "P0411"},
      {endpoint("host: a.example.test, port: 443, allowed_ips: [127.0.0.0/8]"), "P0424"},
      {endpoint("host: a.example.test, port: 443, allowed_ips: [169.254.169.254]"), "P0424"},
      {endpoint("host: a.example.test, port: 443, allowed_ips: [0.0.0.0/0]"), ""},
      {endpoint("host: a.example.test, port: 443, path: v1"), "P0430"},
      {endpoint("host: a.example.test, port: 443, tls: of"), "P0104"},
      {endpoint("host: a.example.test, port: 443, limits: {requests_per_minute: 60}"), ""},
      {endpoint("host: a.example.test, port: 443, limits: {requests: 60}"), "P0101"},
      {endpoint("hots: a.example.test, port: 443, allowed_ips: [10.0.0.1]"), "P0101"},
      {"network_policies: {a: {endpoints: []}}\n", "P0415"},
      {"network_policies: {a: {}}\n", "P0103"},
      {"network_policies: []\n", "P0102"},
      {"network_policies: {'': {endpoints: [{host: a.example.test, port: 443}]}}\n", "P0417"},
  });
}

TEST(Rules, Host) {
  for (const char* good :
       {"a.example.test", "A.Example.Test", "'*.example.test'", "'**.example.test'", "'*-api.example.test'",
        "'svc.*.example.test'", "10.0.0.1", "'2001:db8::1'", "'[2001:db8::1]'", "registry"})
    run({{endpoint(std::string("port: 443, host: ") + good), ""}});
  const RuleCase bad[] = {
      {"a.example.test.", "P0421"},
      {"'*.example.test.'", "P0421"},
      {"'*'", "P0422"},
      {"'*.com'", "P0422"},
      {"'**.com'", "P0422"},
      {"'*.*.com'", "P0422"},
      {"'a.b.*'", "P0422"},
      {"'x**.a.test'", "P0420"},
      {"https://a.test", "P0420"},
      {"a.test/x", "P0420"},
      {"a_b.test", "P0420"},
      {"\"b\\u00fccher.test\"", ""},
      {"\"stra\\u00dfe.test\"", "P0420"},
      {"0x7f.1", "P0420"},
      {"'2130706433'", "P0420"},
      {"127.1.2", "P0420"},
      {"localhost", "P0423"},
      {"x.localhost", "P0423"},
      {"127.0.0.1", "P0423"},
      {"'::1'", "P0423"},
      {"'::ffff:127.0.0.1'", "P0423"},
      {"169.254.169.254", "P0423"},
      {"''", "P0420"},
  };
  for (const RuleCase& c : bad) run({{endpoint("port: 443, host: " + c.body), c.code}});
}

TEST(Rules, Binary) {
  const std::string digest(64, 'a');
  run({
      {binary("path: /usr/bin/curl"), ""},
      {binary("path: '**/claude', via: '/opt/*/agent', sha256: " + digest), ""},
      {binary("path: '/opt/**'"), ""},
      {binary("script: /usr/bin/npm"), ""},
      {"network_policies: {a: {endpoints: [{host: a.example.test, port: 443}], binaries: []}}\n", "P0401"},
      {binary("path: curl"), "P0402"},
      {binary("path: '*'"), "P0402"},
      {binary("path: /usr/bin/"), "P0402"},
      {binary("path: /usr/../bin/x"), "P0202"},
      {binary("path: '/usr/bin**/x'"), "P0208"},
      {binary("path: /usr/bin/curl, via: agent"), "P0402"},
      {binary("path: /usr/bin/curl, sha256: abc"), "P0403"},
      {binary("path: /usr/bin/curl, sha256: 'sha256:" + digest + "'"), ""},
      {binary("path: /usr/bin/curl, sha256: " + std::string(64, '1')), ""},  // digits only is still a digest
      {binary("via: /usr/bin/curl"), "P0404"},
      {binary("path: /a, script: /b"), "P0404"},
      {binary("path: /a, paht: /b"), "P0101"},
  });
}

TEST(Rules, RequestsOfAnEndpoint) {
  const std::string start = "host: a.example.test, port: 443, ";
  run({
      {endpoint(start + "access: read-only"), ""},
      {endpoint(start + "access: read-only, rules: []"), "P0412"},
      {endpoint(start + "access: read-only, deny_rules: [{method: POST, path: /x}]"), ""},
      {endpoint(start + "rules: [{allow: {method: GET, path: '/v1/**'}}]"), ""},
      {endpoint(start + "rules: [{allow: {method: GET}}]"), "P0413"},
      {endpoint(start + "rules: [{allow: {path: /x}}]"), "P0432"},
      {endpoint(start + "rules: [{allow: {method: 'G ET', path: /x}}]"), "P0433"},
      {endpoint(start + "rules: [{allow: {method: GET, path: x}}]"), "P0430"},
      {endpoint(start + "rules: [{allow: {method: GET, path: '/x#y'}}]"), "P0430"},
      {endpoint(start + "rules: [{}]"), "P0103"},
      {endpoint(start + "rules: [{allow: {method: GET, path: /x}, deny: {}}]"), "P0101"},
      {endpoint(start + "protocol: rest"), "P0418"},
      {endpoint(start + "protocol: rest, access: full, deny_rules: [{method: DELETE}]"), "P0413"},
      {endpoint(start + "protocol: rest, access: full, tls: skip"), "P0414"},
      {endpoint(start + "access: full, tls: passthrough"), ""},  // everything is allowed: nothing to inspect
      {endpoint(start + "access: read-only, tls: passthrough"), "P0414"},
      {endpoint(start + "protocol: tcp"), ""},
      {endpoint(start + "protocol: tcp, access: read-only"), "P0419"},
      {endpoint(start + "protocol: graphql, rules: [{allow: {operation_type: query, fields: [viewer]}}]"),
       ""},
      {endpoint(start + "protocol: graphql, rules: [{allow: {method: GET, operation_type: query}}]"),
       "P0431"},
      {endpoint(start + "protocol: graphql, rules: [{allow: {}}]"), "P0434"},
      {endpoint(start + "protocol: rest, rules: [{allow: {method: GET, path: /x, tool: y}}]"), "P0431"},
      {endpoint(start + "protocol: mcp, rules: [{allow: {method: tools/call, tool: search}}]"), ""},
      {endpoint(start + "protocol: mcp, mcp: {allow_all_known_mcp_methods: true}"), ""},
      {endpoint(start + "access: read-only, mcp: {allow_all_known_mcp_methods: true}"), "P0431"},
      {endpoint(start + "protocol: json-rpc, rules: [{allow: {}}]"), "P0432"},
      {endpoint(start +
                "rules: [{allow: {method: GET, path: /x, query: {tag: 'public-*', page: {any: ['1', 2]}}}}]"),
       ""},
      {endpoint(start + "rules: [{allow: {method: GET, path: /x, query: {tag: {any: []}}}}]"), "P0435"},
      {endpoint(start + "rules: [{allow: {method: GET, path: /x, query: {tag: {any: [x], all: [x]}}}}]"),
       "P0101"},
  });
}

TEST(Rules, ConflictNamesBothPlaces) {
  const std::string text = R"(version: 1
network_policies:
  a:
    endpoints:
      - {host: api.example.test, port: 443}
  b:
    endpoints:
      - {host: "*.example.test", ports: [80, 443], tls: passthrough}
)";
  const ParseOutcome outcome = parse_policy(text, "test.yaml");
  ASSERT_EQ(outcome.diagnostics.size(), 1u);
  EXPECT_EQ(outcome.diagnostics[0].code, "P0416");
  EXPECT_EQ(outcome.diagnostics[0].at.line, 8u);
  EXPECT_NE(outcome.diagnostics[0].message.find("line 5"), std::string::npos);
}

TEST(Rules, Extensions) {
  run({
      {"credentials: [{secret: api-token, host: api.example.test, header: Authorization}]\n", ""},
      {"credentials: [{secret: t, host: '*.example.test', port: 80, query: key, plain_http: true}]\n", ""},
      {"credentials: [{secret: t, host: a.test, body: true, variable: MY_KEY}]\n", ""},
      {"credentials: [{secret: t, host: a.test, header: A}, {secret: t, host: b.test, header: B}]\n", ""},
      {"credentials: [{host: a.test, header: A}]\n", "P0103"},
      {"credentials: [{secret: t, header: A}]\n", "P0103"},
      {"credentials: [{secret: ../t, host: a.test, header: A}]\n", "P0450"},
      {"credentials: [{secret: t, host: a.test}]\n", "P0451"},
      {"credentials: [{secret: t, host: a.test, body: false}]\n", "P0451"},
      {"credentials: [{secret: t, host: a.test, header: A, query: b}]\n", "P0451"},
      {"credentials: [{secret: t, host: a.test, header: Host}]\n", "P0452"},
      {"credentials: [{secret: t, host: a.test, header: 'A B'}]\n", "P0452"},
      {"credentials: [{secret: t, host: a.test, header: Proxy-Authorization}]\n", "P0452"},
      {"credentials: [{secret: t-a, host: a.test, header: A}, {secret: t_a, host: a.test, header: B}]\n",
       "P0454"},
      {"credentials: [{secret: t, host: a.test, header: A, variable: 1A}]\n", "P0305"},
      {"credentials: [{secret: t, host: a.test, header: A}]\n"
       "network_policies: {a: {endpoints: [{host: a.test, port: 443, tls: passthrough}]}}\n",
       "P0453"},
      {"credentials: [{secret: t, host: a.test, port: 22, header: A}]\n"
       "network_policies: {a: {endpoints: [{host: a.test, port: 443, tls: passthrough}]}}\n",
       ""},
      {"inbound: [{port: 8080, protocol: tcp, from: [10.0.0.0/8]}]\n", ""},
      {"inbound: [{protocol: tcp}]\n", "P0103"},
      {"inbound: [{port: 8080, from: []}]\n", "P0501"},
      {"inbound: [{port: 8080, from: [everywhere]}]\n", "P0411"},
      {"dns: {mode: off}\n", ""},
      {"dns: {mode: on}\n", "P0104"},
      {"approval: {mode: off, hold_ms: 500, default_lifetime: session}\n", ""},
      {"approval: {hold_ms: -5}\n", "P0105"},
      {"integrity: {files: [{path: /a, sha256: '" + std::string(64, '0') +
           "'}], symlinks: [{directory: /a, must_point_into: /b}], read_only_mounts: [/a]}\n",
       ""},
      {"integrity: {files: [{path: /a}]}\n", "P0103"},
      {"integrity: {files: [{path: a, sha256: '" + std::string(64, '0') + "'}]}\n", "P0201"},
      {"audit: {queries: redact, bodies: never}\n", ""},
      {"audit: {bodies: always}\n", "P0104"},
      {"proxy_environment: false\n", ""},
      {"inference: {routes: [{name: x, provider: olama}]}\n", "P0104"},
      {"inference: {routes: [{provider: ollama}]}\n", "P0103"},
      {"inference: {route: []}\n", "P0101"},
      {"privacy: {classes: {pii: [clowd]}}\n", "P0104"},
      {"privacy: {mode: sometimes}\n", "P0104"},
  });
}

TEST(Rules, SaysWhatIsNotYetInForce) {
  const std::vector<std::string> warning = {"2:12 P0601"};
  EXPECT_EQ(
      problems("version: 1\ninference: {routes: [{name: x, provider: ollama, trust: local, reach: host, "
               "models: {default: m}}], order: [x]}\n"),
      warning);
  const std::string privacy =
      "version: 1\nprivacy:   {mode: enforce, classes: {public: [cloud], pii: {redact_to: cloud, else: "
      "[local]}}, "
      "restore: true}\n";
  EXPECT_EQ(problems(privacy), warning);
  EXPECT_TRUE(parse_policy(privacy, "x").policy);
  for (const char* approval : {"ask", "learn"})
    EXPECT_EQ(problems("version: 1\napproval:  {mode: " + std::string(approval) + "}\n"), warning);
  EXPECT_EQ(problems("version: 1\naudit:     {queries: keep}\n"), warning);
}

}  // namespace
}  // namespace nemoclaw::policy
