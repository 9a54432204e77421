// policy convert and policy show: what they print, and their exit codes.
#include <gtest/gtest.h>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "runtime/base/json.h"
#include "tests/unit/ctl/policy_fixture.h"

namespace nemoclaw::ctl {
namespace {

using PolicyConvert = PolicyFiles;

TEST_F(PolicyConvert, PrintsTheFullSchema) {
  write("list.yaml", "egress: {rules: [{host: a.example.test, port: 22}]}\n");
  ASSERT_EQ(run(policy_convert(), {path("list.yaml")}), kExitFine) << err_;
  EXPECT_EQ(out_,
            "version: 1\nnetwork_policies:\n  egress:\n    endpoints:\n      - host: a.example.test\n"
            "        port: 22\n");
  write("again.yaml", out_);
  const std::string once = out_;
  ASSERT_EQ(run(policy_convert(), {path("again.yaml")}), kExitFine);
  EXPECT_EQ(out_, once);
  ASSERT_EQ(run(policy_convert(), {"--format", "json", path("list.yaml")}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  EXPECT_EQ(parsed->find("version")->integer, 1);
}

TEST_F(PolicyConvert, APresetKeepsItsNameAsAComment) {
  write("preset.yaml", "preset: {name: chat, description: \"a\\n version: 2\"}\nnetwork_policies: {}\n");
  ASSERT_EQ(run(policy_convert(), {path("preset.yaml")}), kExitFine);
  EXPECT_EQ(out_,
            "# preset: \"chat\"\n# description: \"a\\n version: 2\"\nversion: 1\nnetwork_policies: {}\n");
}

TEST_F(PolicyConvert, ExitCodes) {
  write("bad.yaml", "version: 2\n");
  EXPECT_EQ(run(policy_convert(), {path("bad.yaml")}), kExitNo);
  EXPECT_NE(err_.find("P0110"), std::string::npos);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run(policy_convert(), {path("missing.yaml")}), kExitUsage);
  EXPECT_EQ(run(policy_convert(), {}), kExitUsage);
  EXPECT_EQ(run(policy_convert(), {"--format", "text", path("bad.yaml")}), kExitUsage);
}

TEST_F(PolicyConvert, ShowFindsInstalledPoliciesByName) {
  write("installed/mine.yaml", "version: 1\nprocess: {max_processes: 9}\n");
  ASSERT_EQ(run(policy_show(), {"--config", path("config.yaml"), "mine"}), kExitFine) << err_;
  EXPECT_NE(out_.find("# policy: \"mine\""), std::string::npos) << out_;
  EXPECT_NE(out_.find("installed/mine.yaml"), std::string::npos);
  EXPECT_NE(out_.find("# digest: \"sha256:"), std::string::npos);
  EXPECT_NE(out_.find("max_processes: 9\n"), std::string::npos);
  ASSERT_EQ(run(policy_show(), {"--format", "json", path("installed/mine.yaml")}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  EXPECT_EQ(parsed->find("content")->find("process")->find("max_processes")->integer, 9);
  EXPECT_EQ(run(policy_show(), {"--config", path("config.yaml"), "nobody"}), kExitUsage);
  EXPECT_NE(err_.find("mine"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::ctl
