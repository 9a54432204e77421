// policy convert and policy show: what they print, and their exit codes.
#include <gtest/gtest.h>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "runtime/base/json.h"
#include "runtime/oci/sandbox_record.h"
#include "runtime/oci/spec_writer.h"
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

class PolicyShow : public PolicyFiles {
 protected:
  void SetUp() override {
    PolicyFiles::SetUp();
    write("config.yaml",
          "policy_directories: [" + path("installed") + "]\nrun_directory: " + path("run") + "\n");
    write("installed/mine.yaml", "version: 1\nprocess: {max_processes: 7}\n");
    ASSERT_TRUE(make_directories(path("run/abcdef"), 0700));
    oci::SandboxRecord record;
    record.id = "abcdef";
    record.policy = "agent";
    record.bundle = path("bundle");
    write("run/abcdef/sandbox.json", oci::encode_sandbox_record(record));
    write("run/abcdef/policy.yaml", "version: 1\nfilesystem_policy: {read_write: [/sandbox]}\n");
  }

  int show(std::vector<std::string> args) {
    args.insert(args.end(), {"--config", path("config.yaml")});
    return run(policy_show(), args);
  }
};

TEST_F(PolicyShow, FindsPoliciesFirstThenSandboxes) {
  EXPECT_EQ(show({"mine"}), kExitFine) << err_;
  EXPECT_NE(out_.find("max_processes: 7"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("# sandbox"), std::string::npos) << out_;
  EXPECT_EQ(show({"abc"}), kExitFine) << err_;
  EXPECT_NE(out_.find("# policy: \"agent\"\n# sandbox: \"abcdef\""), std::string::npos) << out_;
  EXPECT_NE(out_.find("- /sandbox"), std::string::npos) << out_;
  EXPECT_EQ(show({"--format", "json", "abcdef"}), kExitFine);
  const auto parsed = json::parse(out_);
  ASSERT_TRUE(parsed) << out_;
  EXPECT_EQ(parsed->find("sandbox")->string, "abcdef");
}

TEST_F(PolicyShow, SaysWhatThereIs) {
  EXPECT_EQ(show({"other"}), kExitUsage);
  EXPECT_NE(err_.find("there is no policy 'other' (known are: "), std::string::npos) << err_;
  EXPECT_NE(err_.find("), and no sandbox 'other'"), std::string::npos) << err_;
  write("run/abcdef/sandbox.json", "{");
  EXPECT_EQ(show({"abcdef"}), kExitUsage);
}

TEST_F(PolicyShow, EffectiveIsForTheBundle) {
  EXPECT_EQ(show({"--effective", "mine"}), kExitFine) << err_;
  EXPECT_NE(out_.find("bundle: none given"), std::string::npos) << out_;
  EXPECT_EQ(show({"--effective", "abcdef"}), kExitNo) << out_;  // the bundle is gone
  EXPECT_NE(err_.find(path("bundle")), std::string::npos) << err_;
  ASSERT_TRUE(make_directories(path("bundle/rootfs/bin"), 0755));
  ASSERT_TRUE(make_directories(path("bundle/rootfs/sandbox"), 0755));
  write("bundle/config.json", oci::encode_spec(oci::default_spec(false, 0, 0), false));
  EXPECT_EQ(show({"--effective", "abcdef"}), kExitFine) << err_;
  EXPECT_NE(out_.find("policy 'agent'"), std::string::npos) << out_;
  EXPECT_NE(out_.find("bundle: " + path("bundle")), std::string::npos) << out_;
}

}  // namespace
}  // namespace nemoclaw::ctl
