#include "ctl/policy_commands.h"

#include <gtest/gtest.h>

#include <map>

#include "ctl/command.h"
#include "ctl/explain.h"
#include "policy/parse/parse.h"
#include "runtime/base/json.h"
#include "tests/unit/ctl/policy_fixture.h"

namespace nemoclaw::ctl {
namespace {

const char kGood[] = R"(version: 1
network_policies:
  web:
    endpoints:
      - {host: api.example.test, port: 443, access: read-only}
      - {port: 5432, allowed_ips: [10.0.0.0/8]}
    binaries: [{path: /usr/bin/curl, via: /opt/agent}]
)";

class PolicyCommands : public PolicyFiles {
 protected:
  void SetUp() override {
    PolicyFiles::SetUp();
    write("good.yaml", kGood);
    write("bad.yaml", "version: 1\nnetwrok_policies: {}\n");
    write("installed/mine.yaml", kGood);
    write("installed/slack.yaml", "preset: {name: slack, description: chat}\nnetwork_policies: {}\n");
  }
};

TEST_F(PolicyCommands, CheckExitCodes) {
  EXPECT_EQ(run(policy_check(), {path("good.yaml")}), kExitFine) << out_ << err_;
  EXPECT_NE(out_.find("good.yaml: valid"), std::string::npos);
  EXPECT_EQ(run(policy_check(), {path("good.yaml"), path("bad.yaml")}), kExitNo);
  EXPECT_NE(out_.find("bad.yaml:2:1: error P0101"), std::string::npos);
  EXPECT_NE(out_.find("  | ^\n"), std::string::npos);
  EXPECT_NE(out_.find("did you mean 'network_policies'?"), std::string::npos);
  EXPECT_EQ(run(policy_check(), {path("bad.yaml"), path("missing.yaml")}), kExitUsage);
  EXPECT_NE(err_.find("no such file"), std::string::npos);
  EXPECT_NE(out_.find("P0101"), std::string::npos);  // the readable one is still reported
  EXPECT_EQ(run(policy_check(), {}), kExitUsage);
  EXPECT_EQ(run(policy_check(), {"--colour", path("good.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_check(), {"--help"}), kExitFine);
  EXPECT_NE(out_.find("--format text|json"), std::string::npos);
}

TEST_F(PolicyCommands, CheckAsJson) {
  EXPECT_EQ(
      run(policy_check(), {"--format", "json", path("good.yaml"), path("bad.yaml"), path("missing.yaml")}),
      kExitUsage);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  ASSERT_EQ(parsed->array.size(), 3u);
  EXPECT_TRUE(parsed->array[0].find("valid")->boolean);
  EXPECT_FALSE(parsed->array[1].find("valid")->boolean);
  EXPECT_EQ(parsed->array[1].find("problems")->array.at(0).find("code")->string, "P0101");
  EXPECT_TRUE(parsed->array[2].find("unreadable"));
}

TEST_F(PolicyCommands, ListShowsDefaultAndPresets) {
  EXPECT_EQ(run(policy_list(), {"--config", path("config.yaml")}), kExitFine) << err_;
  EXPECT_NE(out_.find("mine.yaml  (default)"), std::string::npos) << out_;
  EXPECT_NE(out_.find("preset"), std::string::npos);
  EXPECT_EQ(run(policy_list(), {"--config", path("config.yaml"), "--format", "json"}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  // Beside these two there may be what lies next to the program.
  std::map<std::string, std::string> kinds;
  std::string standard;
  for (const json::Value& each : parsed->array) {
    kinds[each.find("name")->string] = each.find("kind")->string;
    if (each.find("default")->boolean) standard += each.find("name")->string;
  }
  EXPECT_EQ(kinds["mine"], "policy");
  EXPECT_EQ(kinds["slack"], "preset");
  EXPECT_EQ(standard, "mine");
  EXPECT_EQ(run(policy_list(), {"--config", path("missing.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_list(), {"surplus"}), kExitUsage);
}

TEST_F(PolicyCommands, ExplainNeedsAValidPolicy) {
  EXPECT_EQ(run(policy_explain(), {path("bad.yaml")}), kExitNo);
  EXPECT_NE(err_.find("P0101"), std::string::npos);
  EXPECT_EQ(run(policy_explain(), {path("missing.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_explain(), {}), kExitUsage);
  EXPECT_EQ(run(policy_explain(),
                {"--config", path("config.yaml"), "--bundle", path("nowhere"), path("good.yaml")}),
            kExitNo);
  EXPECT_NE(err_.find("nowhere"), std::string::npos);
}

TEST_F(PolicyCommands, ExplainSaysThatTheBundleIsMadeUp) {
  ASSERT_EQ(run(policy_explain(), {"--config", path("config.yaml"), path("good.yaml")}), kExitFine) << err_;
  EXPECT_NE(out_.find("bundle: none given"), std::string::npos);
  EXPECT_NE(out_.find("'web' for /usr/bin/curl via /opt/agent  (line 3)"), std::string::npos) << out_;
  EXPECT_NE(out_.find("each request, as rest (implied by rules or access)"), std::string::npos);
  EXPECT_NE(out_.find("any host port 5432"), std::string::npos);
  EXPECT_NE(out_.find("addresses: only 10.0.0.0/8"), std::string::npos);
  ASSERT_EQ(run(policy_explain(), {"--config", path("config.yaml"), "--format", "json", path("good.yaml")}),
            kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  EXPECT_TRUE(parsed->find("bundle_made_up")->boolean);
  EXPECT_FALSE(parsed->find("report")->array.empty());
  EXPECT_TRUE(parsed->find("network")->array.at(0).find("endpoints")->array.at(0).find("inspected")->boolean);
}

TEST_F(PolicyCommands, ExplainReadsABundle) {
  ASSERT_TRUE(make_directories(path("bundle/rootfs/etc"), 0755));
  write("bundle/rootfs/etc/passwd", "agent:x:1234:1234::/home/agent:/bin/sh\n");
  write("bundle/rootfs/etc/group", "agent:x:1234:\n");
  write("bundle/config.json",
        R"({"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"cwd":"/","args":["/bin/sh"],
    "user":{"uid":0,"gid":0}},"linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"network"}]}})");
  write("user.yaml", "version: 1\nprocess: {run_as_user: agent}\n");
  ASSERT_EQ(
      run(policy_explain(), {"--config", path("config.yaml"), "--bundle", path("bundle"), path("user.yaml")}),
      kExitFine)
      << err_;
  EXPECT_EQ(out_.find("made-up"), std::string::npos);
  EXPECT_NE(out_.find("1234"), std::string::npos) << out_;
}

}  // namespace
}  // namespace nemoclaw::ctl
