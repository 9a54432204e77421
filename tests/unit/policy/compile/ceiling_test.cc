// What of a ceiling only the image decides: links, globs of executables, the working directory, filters.
#include "policy/model/ceiling.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

class UnderCeiling : public testing::Test {
 protected:
  void SetUp() override {
    for (Policy* each : {&policy_, &ceiling_}) {
      each->filesystem.present = true;
      each->filesystem.include_workdir = false;
    }
    ceiling_.name = "house";
    ceiling_.digest = "sha256:11";
  }
  Result<Compiled> try_run() { return compile(intersect(policy_, ceiling_), spec_, facts_); }
  Compiled run() {
    auto compiled = try_run();
    EXPECT_TRUE(compiled) << error_of(compiled);
    return compiled ? *compiled : Compiled{};
  }
  bool writable(const char* path) {
    const Compiled compiled = run();
    const oci::LandlockRule* rule = find_rule(compiled.effective, path);
    return rule && rule->access == oci::PathAccess::ReadWriteExecute;
  }

  Policy policy_{.name = "test"}, ceiling_;
  oci::Spec spec_ = docker_like_spec();
  Facts facts_ = debian_like_facts();
};

TEST_F(UnderCeiling, IsNamedAndEveryCutIsReported) {
  policy_.filesystem.read_write = {{"/srv/app", {4, 1}}};
  const Compiled compiled = run();
  EXPECT_EQ(compiled.effective.ceiling_name, "house");
  EXPECT_EQ(compiled.effective.ceiling_digest, "sha256:11");
  ASSERT_EQ(compiled.effective.ceiling_cuts.size(), 1u);
  EXPECT_TRUE(reported(
      compiled, "ceiling: filesystem_policy: /srv/app: read and write becomes nothing (policy line 4)"));
  EXPECT_EQ(find_rule(compiled.effective, "/srv/app"), nullptr);
}

TEST_F(UnderCeiling, ALinkMustNotLeadOutOfIt) {
  policy_.filesystem.read_write = {{"/srv/app", {}}};
  policy_.filesystem.read_only = {{"/data", {}}};
  ceiling_.filesystem.read_write = {{"/srv", {}}};
  ceiling_.filesystem.read_only = {{"/data", {}}};
  facts_.existing_paths.push_back("/data");
  EXPECT_TRUE(writable("/srv/app"));
  facts_.link_targets = {{"/srv/app", "/var/spool"}};
  EXPECT_NE(error_of(try_run()).find("which the ceiling does not make writable"), std::string::npos)
      << error_of(try_run());
  // Where the ceiling's own path is the link, both mean the same place.
  facts_.link_targets = {{"/srv/app", "/mnt/app"}, {"/srv", "/mnt"}};
  EXPECT_TRUE(writable("/srv/app"));
  facts_.link_targets = {{"/data", "/home"}};
  EXPECT_NE(find_rule(run().effective, "/data"), nullptr);
  policy_.filesystem.read_only = {{"/data/in", {}}};
  facts_.existing_paths.push_back("/data/in");
  facts_.link_targets = {{"/data/in", "/home"}};
  EXPECT_EQ(find_rule(run().effective, "/data/in"), nullptr) << "a link out of the ceiling is not opened";
}

TEST_F(UnderCeiling, WorkingDirectory) {
  spec_.process->cwd = "/work";
  policy_.filesystem.include_workdir = true;
  EXPECT_FALSE(writable("/work"));
  ceiling_.filesystem.read_write = {{"/work", {}}};
  EXPECT_TRUE(writable("/work"));
  ceiling_.filesystem.read_write.clear();
  ceiling_.filesystem.include_workdir = true;
  EXPECT_TRUE(writable("/work"));
}

TEST_F(UnderCeiling, ExecutablesThatBothName) {
  policy_.filesystem.execute = {{Path{"/usr/bin/*", {}}, Path{"/bin/sh", {}}}};
  ceiling_.filesystem.execute = {{Path{"/usr/bin/git", {}}}};
  facts_.execute_matches = {{"/usr/bin/*", "/usr/bin/git"},
                            {"/usr/bin/*", "/usr/bin/nc"},
                            {"/bin/sh", "/bin/sh"},
                            {"/usr/bin/git", "/usr/bin/git"}};
  Compiled compiled = run();
  EXPECT_NE(find_rule(compiled.effective, "/usr/bin/git"), nullptr);
  EXPECT_EQ(find_rule(compiled.effective, "/usr/bin/nc"), nullptr);
  EXPECT_EQ(find_rule(compiled.effective, "/bin/sh"), nullptr);
  policy_.filesystem.execute.reset();
  EXPECT_TRUE(run().effective.landlock.restrict_execute);
}

TEST_F(UnderCeiling, BothFiltersAreLoaded) {
  EXPECT_EQ(run().effective.extra_seccomp.size(), 1u) << "the same one twice would only cost time";
  ceiling_.process.syscalls_deny = {"read"};
  const Compiled compiled = run();
  ASSERT_EQ(compiled.effective.extra_seccomp.size(), 2u);
  EXPECT_TRUE(reported(compiled, "the ceiling's profile as well"));
}

}  // namespace
}  // namespace nemoclaw::policy
