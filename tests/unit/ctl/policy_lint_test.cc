// Every rule of the linter, on a policy that breaks it and on one that just does not.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "ctl/command.h"
#include "ctl/lint.h"
#include "ctl/policy_commands.h"
#include "nemoclaw_source_tree.h"
#include "runtime/base/json.h"
#include "tests/unit/ctl/policy_fixture.h"

namespace nemoclaw::ctl {
namespace {

const std::string kHead = "version: 1\nlandlock: {compatibility: hard_requirement}\n";

// "line code" of every finding; "invalid" if the text does not load.
std::vector<std::string> findings(const std::string& text, std::optional<std::string> rootfs = {}) {
  const auto outcome = policy::parse_policy(text, "test.yaml");
  if (!outcome.policy) return {"invalid: " + policy::render_line(outcome.diagnostics.at(0), "test.yaml")};
  std::vector<std::string> found;
  for (const auto& each : lint({*outcome.policy, text, std::move(rootfs)}).findings) {
    EXPECT_FALSE(each.message.empty() || each.remedy.empty() || each.source_line.empty()) << each.code;
    found.push_back(std::to_string(each.at.line) + " " + each.code);
  }
  return found;
}

// One entry with one endpoint; the binaries stand on line 5, the endpoint on line 6.
std::string entry(const std::string& endpoint, const std::string& binaries = "[{path: /usr/bin/curl}]") {
  return kHead + "network_policies:\n  web:\n    binaries: " + binaries + "\n    endpoints: [{" + endpoint +
         "}]\n";
}

std::string rest(const std::string& more) {
  return entry("host: a.example.test, port: 443, protocol: rest, " + more);
}

struct Row {
  std::string bad, good;
  std::vector<std::string> expected;
};

void check(const std::vector<Row>& rows) {
  using None = std::vector<std::string>;
  for (const Row& row : rows) {
    EXPECT_EQ(findings(row.bad), row.expected) << row.bad;
    EXPECT_EQ(findings(row.good), None{}) << row.good;
  }
}

const std::string kPlain = "host: a.example.test, port: 443";

TEST(PolicyLint, Binaries) {
  check({
      {kHead + "network_policies:\n  web: {endpoints: [{" + kPlain + "}]}\n", entry(kPlain), {"4 L0101"}},
      {entry(kPlain, "[{path: /usr/bin/python3.11}, {path: /bin/sh}]"),
       entry(kPlain, "[{path: /usr/bin/python3.11}, {path: /opt/agent}]"),
       {"5 L0102"}},
      {entry(kPlain, "[{path: \"/usr/bin/node*\"}]"), entry(kPlain, "[{script: /opt/tool.py}]"), {"5 L0102"}},
      {entry(kPlain, "[{path: /bin/sh}]"), entry(kPlain, "[{path: /bin/sh, via: /opt/agent}]"), {"5 L0102"}},
  });
}

TEST(PolicyLint, Endpoints) {
  check({
      {entry("host: api.example.test, port: 443"), entry("host: api.example.test, port: 22"), {"6 L0103"}},
      {entry("host: my-api.example.test, port: 443"),
       entry("host: my-api.example.test, port: 443, protocol: rest, access: read-only"),
       {"6 L0103"}},
      {entry("host: \"*.example.test\", port: 443"),
       entry("host: \"*.example.test\", port: 443, allowed_ips: [10.0.0.0/8]"),
       {"6 L0105"}},
      {entry("host: x.cloudfront.net, port: 443"), entry("host: xcloudfront.net, port: 443"), {"6 L0106"}},
      {entry("host: openrouter.ai, port: 443"),
       entry("host: openrouter.ai.example.test, port: 443"),
       {"6 L0106"}},
      {rest("access: read-only, enforcement: audit"),
       rest("access: read-only, enforcement: enforce"),
       {"6 L0113"}},
      {entry(kPlain + ", access: read-only"), rest("access: read-only"), {"6 L0115"}},
  });
}

TEST(PolicyLint, Rules) {
  check({
      {rest("access: full"), rest("access: read-write"), {"6 L0104"}},
      {rest("rules: [{allow: {method: \"*\", path: \"/**\"}}]"),
       rest("rules: [{allow: {method: GET, path: \"/**\"}}]"),
       {"6 L0104"}},
      {rest("rules: [{allow: {method: GET, path: \"/x/**\"}}]"),
       rest("rules: [{allow: {method: GET, path: \"/x/**\"}}, {allow: {method: GET, path: /x}}]"),
       {"6 L0107"}},
      {rest("access: read-only, deny_rules: [{method: GET, path: \"/x/**\"}]"),
       rest("access: read-only, deny_rules: [{method: GET, path: \"/x/**\"}, {method: GET, path: /x}]"),
       {"6 L0107"}},
      {rest("access: read-only, deny_rules: [{method: DELETE, path: /x}]"),
       rest("access: read-only, deny_rules: [{method: \"*\", path: /x}]"),
       {"6 L0108"}},
      {rest("rules: [{allow: {method: GET, path: /a}}], deny_rules: [{method: GET, path: \"/b*\"}]"),
       rest("rules: [{allow: {method: GET, path: \"/b?\"}}], deny_rules: [{method: GET, path: \"/b*\"}]"),
       {"6 L0108"}},
  });
}

TEST(PolicyLint, Credentials) {
  const std::string web = rest("access: read-only"),
                    key = "credentials:\n  - {secret: key, header: X-Api-Key, host: ";
  check({
      {web + key + "b.example.test}\n", web + key + "a.example.test}\n", {"8 L0118"}},
      {web + key + "a.example.test, port: 8443}\n", web + key + "a.example.test, port: 443}\n", {"8 L0118"}},
      {web + key + "a.example.test, plain_http: true}\n",
       web + key + "a.example.test, plain_http: false}\n",
       {"8 L0119"}},
      {web + key + "\"*.example.test\"}\n", web + key + "a.example.test}\n", {"8 L0120"}},
  });
}

TEST(PolicyLint, ShadowedEntries) {
  const auto two = [](const std::string& first, const std::string& second) {
    return kHead + "network_policies:\n  a: " + first + "\n  b: " + second + "\n";
  };
  const std::string narrow =
      "{endpoints: [{host: a.x.example.test, port: 443, allowed_ips: [10.0.0.0/8]}], "
      "binaries: [{path: /usr/bin/curl}]}";
  const std::string wide =
      "{endpoints: [{host: \"*.x.example.test\", ports: [443, 80], allowed_ips: [10.0.0.0/8]}], "
      "binaries: [{path: /usr/bin/git}, {path: /usr/bin/curl}]}";
  const std::string other =
      "{endpoints: [{host: \"*.x.example.test\", ports: [80], allowed_ips: [10.0.0.0/8]}], "
      "binaries: [{path: /usr/bin/curl}]}";
  const std::string foreign =
      "{endpoints: [{host: a.x.example.test, port: 443, allowed_ips: [10.0.0.0/8]}], "
      "binaries: [{path: /usr/bin/wget}]}";
  check({{two(narrow, wide), two(narrow, other), {"4 L0109"}},
         {two(wide, narrow), two(wide, foreign), {"5 L0109"}},
         {two(narrow, narrow), two(narrow, foreign), {"5 L0109"}}});
}

std::string files(const std::string& lists) { return kHead + "filesystem_policy: {" + lists + "}\n"; }

TEST(PolicyLint, Paths) {
  check({
      {files("read_only: [/usr, /usr/lib]"), files("read_only: [/usr, /usrlib]"), {"3 L0110"}},
      {files("read_write: [/a, /b, /a]"), files("read_write: [/a, /b]"), {"3 L0110"}},
      {files("read_only: [/a], read_write: [/a]"), files("read_only: [/a/b], read_write: [/a]"), {"3 L0110"}},
      {files("read_write: [/usr]"), files("read_write: [/usr/share]"), {"3 L0111"}},
      {files("read_write: [/opt/bin]") + "process: {path: \"/opt/bin:/bin\"}\n",
       files("read_write: [/opt/bin]"),
       {"3 L0111"}},
      {files("read_write: [/home/a/.bashrc]"), files("read_write: [/home/a]"), {"3 L0111"}},
      {files("read_write: [/src/.git/hooks]"), files("read_write: [/src/.git/hook]"), {"3 L0111"}},
      {files("read_write: [/src/.github/workflows]"), files("read_write: [/src/.github]"), {"3 L0111"}},
      {"version: 1\nlandlock: {compatibility: best_effort}\n", kHead, {"2 L0114"}},
      {"version: 1\n", "preset: {name: x}\nnetwork_policies: {}\n", {"1 L0114"}},
  });
}

TEST(PolicyLint, AcceptedFindingsNeedAReasonAndAFinding) {
  const std::string finding = "landlock: {compatibility: best_effort}\n";
  using Found = std::vector<std::string>;
  const auto accepted = [&](const std::string& comment) { return "version: 1\n" + comment + "\n" + finding; };
  EXPECT_EQ(findings(accepted("# lint: accept L0114 not every node has it")), Found{});
  EXPECT_EQ(findings(accepted("#lint:   accept  L0114  it is so\n\n# and more")), Found{});
  EXPECT_EQ(findings(accepted("# lint: accept L0114")), (Found{"2 L0116", "3 L0114"}));
  EXPECT_EQ(findings(accepted("# lint: accept everything here")), (Found{"2 L0116", "3 L0114"}));
  EXPECT_EQ(findings(accepted("# lint: ignore L0114 because")), (Found{"2 L0116", "3 L0114"}));
  EXPECT_EQ(findings(accepted("# lint: accept L0105 another code")), (Found{"2 L0117", "3 L0114"}));
  EXPECT_EQ(findings("# lint: accept L0114 above another line\nversion: 1\n" + finding),
            (Found{"1 L0117", "3 L0114"}));
  EXPECT_EQ(findings("version: 1\n" + finding + "# lint: accept L0114 below\n"),
            (Found{"2 L0114", "3 L0117"}));
  // What is absent is found where the content starts.
  EXPECT_EQ(findings("# lint: accept L0114 not every node has it\nversion: 1\n"), Found{});
  EXPECT_EQ(findings("# a comment\n\nversion: 1\n"), Found{"3 L0114"});
}

TEST(PolicyLint, SeveralFindingsOfOneLineAreAcceptedOneByOne) {
  const std::string below =
      "- {host: \"*.a.example.test\", port: 443, access: full}\n      binaries: [{path: /usr/bin/curl}]\n";
  const auto with = [&](const std::string& comments) {
    return kHead + "network_policies:\n  a:\n      endpoints:\n" + comments + "      " + below;
  };
  EXPECT_EQ(findings(with("")).size(), 2u);
  EXPECT_EQ(findings(with("      # lint: accept L0105 known\n")).size(), 1u);
  EXPECT_EQ(findings(with("      # lint: accept L0105 known\n      # lint: accept L0104 meant\n")).size(),
            0u);
}

TEST(PolicyLint, EveryCodeIsDocumented) {
  const auto text = read_file(SOURCE_DIR "/docs/policy-lint.md");
  ASSERT_TRUE(text);
  for (int number = 101; number <= 117; ++number)
    EXPECT_NE(text->find("\n| L0" + std::to_string(number) + " |"), std::string::npos) << number;
}

using PolicyLintCommand = PolicyFiles;

TEST_F(PolicyLintCommand, LooksForBinariesInTheImage) {
  ASSERT_TRUE(make_directories(path("rootfs/usr/bin"), 0755));
  write("rootfs/usr/bin/curl", "x");
  using Found = std::vector<std::string>;
  EXPECT_EQ(findings(entry(kPlain, "[{path: /usr/bin/curl}]"), path("rootfs")), Found{});
  EXPECT_EQ(findings(entry(kPlain, "[{path: /usr/bin/wget}]"), path("rootfs")), Found{"5 L0112"});
  EXPECT_EQ(findings(entry(kPlain, "[{path: /usr/bin/curl, via: /opt/agent}]"), path("rootfs")),
            Found{"5 L0112"});
  write("rootfs/usr/bin/python3.11", "x");
  ASSERT_EQ(symlink("/usr/bin", path("rootfs/bin").c_str()), 0);
  EXPECT_EQ(findings(entry(kPlain, "[{path: /bin/curl}]"), path("rootfs")), Found{});
  for (const char* there :
       {"/usr/*/curl", "/usr/bin/c*", "/*/bin/*url", "/bin/c*", "/opt/**", "**/wget", "/usr/**/x"})
    EXPECT_EQ(findings(entry(kPlain, "[{path: \"" + std::string(there) + "\"}]"), path("rootfs")), Found{})
        << there;
  for (const char* missing : {"/usr/*/wget", "/usr/bin/d*", "/*/sbin/curl", "/opt/*", "/usr/bin/curl/*"})
    EXPECT_EQ(findings(entry(kPlain, "[{path: \"" + std::string(missing) + "\"}]"), path("rootfs")),
              Found{"5 L0112"})
        << missing;
}

TEST_F(PolicyLintCommand, ExitCodes) {
  write("good.yaml", kHead);
  write("bad.yaml", "version: 1\n");
  write("invalid.yaml", "version: 2\n");
  EXPECT_EQ(run(policy_lint(), {path("good.yaml")}), kExitFine) << out_;
  EXPECT_NE(out_.find("no findings"), std::string::npos);
  EXPECT_EQ(run(policy_lint(), {path("good.yaml"), path("bad.yaml")}), kExitNo);
  EXPECT_NE(out_.find("bad.yaml:1:1: warning L0114"), std::string::npos) << out_;
  EXPECT_NE(out_.find("help: write"), std::string::npos) << out_;
  EXPECT_EQ(run(policy_lint(), {path("invalid.yaml")}), kExitNo);
  EXPECT_EQ(run(policy_lint(), {path("missing.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_lint(), {"--rootfs", path("nowhere"), path("good.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_lint(), {}), kExitUsage);
  EXPECT_EQ(run(policy_lint(), {"--format", "json", path("bad.yaml")}), kExitNo);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  ASSERT_EQ(parsed->array.size(), 1u);
  EXPECT_EQ(parsed->array[0].find("code")->string, "L0114");
  EXPECT_EQ(parsed->array[0].find("accepted"), nullptr);
}

TEST_F(PolicyLintCommand, ReportsWhatIsAccepted) {
  write("accepted.yaml", "# lint: accept L0114 the nodes are old\nversion: 1\n");
  EXPECT_EQ(run(policy_lint(), {path("accepted.yaml")}), kExitFine);
  EXPECT_NE(out_.find("no findings, 1 accepted"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("the nodes are old"), std::string::npos) << out_;
  EXPECT_EQ(run(policy_lint(), {"-v", path("accepted.yaml")}), kExitFine);
  EXPECT_NE(out_.find(":2: accepted L0114"), std::string::npos) << out_;
  EXPECT_NE(out_.find("reason: the nodes are old"), std::string::npos) << out_;
  EXPECT_EQ(run(policy_lint(), {"--format", "json", path("accepted.yaml")}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed && parsed->array.size() == 1u) << out_;
  EXPECT_EQ(parsed->array[0].find("accepted")->string, "the nodes are old");
}

}  // namespace
}  // namespace nemoclaw::ctl
