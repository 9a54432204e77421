#include <gtest/gtest.h>

#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

using oci::PathAccess;

class Filesystem : public testing::Test {
 protected:
  void SetUp() override {
    policy_.filesystem.present = true;
    policy_.filesystem.include_workdir = false;
  }
  Compiled run() {
    auto compiled = compile(policy_, spec_, facts_);
    EXPECT_TRUE(compiled) << error_of(compiled);
    return compiled ? *compiled : Compiled{};
  }

  Policy policy_{.name = "test"};
  oci::Spec spec_ = docker_like_spec();
  Facts facts_ = debian_like_facts();
};

TEST_F(Filesystem, PathsBecomeRules) {
  policy_.filesystem.read_only = {{"/usr", {3, 5}}};
  policy_.filesystem.read_write = {{"/tmp", {4, 5}}};
  Compiled compiled = run();
  EXPECT_TRUE(compiled.effective.landlock.enabled);
  EXPECT_EQ(find_rule(compiled.effective, "/usr")->access, PathAccess::ReadExecute);
  EXPECT_EQ(find_rule(compiled.effective, "/tmp")->access, PathAccess::ReadWriteExecute);
  EXPECT_FALSE(find_rule(compiled.effective, "/usr")->implied);
  EXPECT_TRUE(reported(compiled, "/usr: read: filesystem_policy.read_only (policy line 3)"));
}

TEST_F(Filesystem, WhatImagesNeedIsImpliedAndReported) {
  Compiled compiled = run();
  for (const char* path : {"/dev/null", "/dev/urandom", "/dev/pts", "/proc", "/usr/lib", "/etc/passwd",
                           "/lib64/ld-linux-x86-64.so.2", "/bin/sh"}) {
    ASSERT_NE(find_rule(compiled.effective, path), nullptr) << path;
    EXPECT_TRUE(find_rule(compiled.effective, path)->implied);
    EXPECT_TRUE(reported(compiled, std::string(path) + ": read")) << path;
  }
  EXPECT_EQ(find_rule(compiled.effective, "/dev/null")->access, PathAccess::DeviceReadWrite);
  EXPECT_EQ(find_rule(compiled.effective, "/proc")->access, PathAccess::Read);
  EXPECT_EQ(find_rule(compiled.effective, "/dev/console"), nullptr) << "without a terminal there is none";
  EXPECT_EQ(find_rule(compiled.effective, "/etc/ssl/certs"), nullptr) << "the image has none";
}

TEST_F(Filesystem, WorkingDirectory) {
  struct {
    const char* cwd;
    bool writable;
  } cases[] = {{"/work", true}, {"/", false},       {"/etc", false}, {"/usr/lib/x", false},
               {"/usr", false}, {"/srv/app", true}, {"/srv", false}};
  policy_.filesystem.include_workdir = true;
  policy_.filesystem.read_only = {{"/srv/app/docs", {}}};
  facts_.existing_paths.push_back("/srv/app/docs");
  for (const auto& each : cases) {
    spec_.process->cwd = each.cwd;
    if (std::string_view(each.cwd) == "/srv/app") policy_.filesystem.read_only.clear();
    if (std::string_view(each.cwd) == "/srv") policy_.filesystem.read_only = {{"/srv/app/docs", {}}};
    const oci::EffectiveSpec effective = run().effective;
    const oci::LandlockRule* rule = find_rule(effective, each.cwd);
    EXPECT_EQ(rule != nullptr && rule->access == PathAccess::ReadWriteExecute, each.writable) << each.cwd;
  }
}

TEST_F(Filesystem, ReadOnlyBelowWritableIsMountedReadOnly) {
  policy_.filesystem.read_write = {{"/srv", {}}};
  policy_.filesystem.read_only = {{"/srv/app", {}}, {"/usr", {}}};
  facts_.existing_paths.push_back("/srv");
  const oci::EffectiveSpec effective = run().effective;
  EXPECT_TRUE(contains(effective.spec.linux_.readonly_paths, "/srv/app"));
  EXPECT_FALSE(contains(effective.spec.linux_.readonly_paths, "/usr"));
}

TEST_F(Filesystem, WithoutLandlockMountsTakeItsPlace) {
  facts_.landlock_abi = 0;
  policy_.filesystem.read_only = {{"/usr", {}}, {"/srv", {}}};
  policy_.filesystem.read_write = {{"/srv/app", {}}};
  facts_.existing_paths.push_back("/srv");
  Compiled compiled = run();
  EXPECT_TRUE(contains(compiled.effective.spec.linux_.readonly_paths, "/usr"));
  EXPECT_FALSE(contains(compiled.effective.spec.linux_.readonly_paths, "/srv")) << "it would lock /srv/app";
  EXPECT_EQ(compiled.effective.protections[0].level, "none");
}

TEST_F(Filesystem, NoAccessHidesAndBeatsTheRest) {
  policy_.filesystem.read_only = {{"/usr", {}}, {"/usr/lib/secret", {}}};
  policy_.filesystem.no_access = {{"/usr/lib/secret", {7, 1}}};
  Compiled compiled = run();
  EXPECT_TRUE(contains(compiled.effective.spec.linux_.masked_paths, "/usr/lib/secret"));
  EXPECT_EQ(find_rule(compiled.effective, "/usr/lib/secret"), nullptr);
  EXPECT_TRUE(reported(compiled, "/usr/lib/secret is not reachable"));
  policy_.filesystem.no_access = {{"/", {7, 1}}};
  EXPECT_NE(error_of(compile(policy_, spec_, facts_)).find("/ cannot be hidden"), std::string::npos);
}

TEST_F(Filesystem, ExecuteListIsExhaustiveSaveForLoaders) {
  policy_.filesystem.read_only = {{"/usr", {}}};
  policy_.filesystem.execute = {{{"/usr/bin/*", {5, 1}}, {"/nothing", {6, 1}}}};
  facts_.execute_matches = {{"/usr/bin/*", "/usr/bin/python3"}, {"/usr/bin/*", "/usr/bin/env"}};
  facts_.interpreters = {"/usr/bin/node"};
  Compiled compiled = run();
  const oci::EffectiveSpec& effective = compiled.effective;
  EXPECT_TRUE(effective.landlock.restrict_execute);
  EXPECT_EQ(find_rule(effective, "/usr")->access, PathAccess::Read);
  for (const char* path :
       {"/usr/bin/python3", "/usr/bin/env", "/usr/bin/node", "/lib64/ld-linux-x86-64.so.2"})
    EXPECT_EQ(find_rule(effective, path)->access, PathAccess::ReadExecute) << path;
  EXPECT_EQ(find_rule(effective, "/bin/sh"), nullptr) << "the command does not add itself";
  EXPECT_TRUE(
      reported(compiled, "/nothing names nothing in the image: filesystem_policy.execute (policy line 6)"));
}

TEST_F(Filesystem, MissingPathsAreReportedOrRefused) {
  policy_.filesystem.read_only = {{"/absent", {8, 2}}};
  EXPECT_TRUE(reported(
      run(), "/absent does not exist in the container: filesystem_policy.read_only (policy line 8)"));
  policy_.landlock.hard_requirement = true;
  EXPECT_NE(error_of(compile(policy_, spec_, facts_)).find("/absent does not exist"), std::string::npos);
  policy_.filesystem.read_only = {{"/data/below-a-mount", {}}};  // only the kernel can know
  Compiled compiled = run();
  ASSERT_NE(find_rule(compiled.effective, "/data/below-a-mount"), nullptr);
  EXPECT_TRUE(find_rule(compiled.effective, "/data/below-a-mount")->required);
}

TEST_F(Filesystem, MissingTmpIsSupplied) {
  std::erase(facts_.existing_paths, "/tmp");
  policy_.filesystem.read_write = {{"/tmp", {}}};
  Compiled compiled = run();
  EXPECT_TRUE(contains(compiled.effective.supplied_directories, "/tmp"));
  EXPECT_NE(find_rule(compiled.effective, "/tmp"), nullptr);
}

// The image chose where its links lead; it must not open what the policy keeps shut.
TEST_F(Filesystem, WritableLinksThatLeadAstrayAreRefused) {
  struct {
    const char* target;
    bool refused;
  } cases[] = {{"/", true},        {"/etc", true},          {"/usr/bin", true},
               {"/srv/app", true}, {"/private/tmp", false}, {"/var/tmp", false}};
  policy_.filesystem.read_write = {{"/tmp", {4, 1}}};
  policy_.filesystem.read_only = {{"/srv/app", {}}};
  for (const auto& each : cases) {
    facts_.link_targets = {{"/tmp", each.target}};
    std::string message = error_of(compile(policy_, spec_, facts_));
    EXPECT_EQ(
        message.find("filesystem_policy.read_write (policy line 4): /tmp is a link") != std::string::npos,
        each.refused)
        << each.target << ' ' << message;
  }
}

TEST_F(Filesystem, ScopesOnlyWhereNamespacesAreShared) {
  EXPECT_FALSE(run().effective.landlock.scope_signals);
  for (oci::Namespace& each : spec_.linux_.namespaces)
    if (each.type == "pid" || each.type == "network") each.path = "/proc/7/ns/" + each.type;
  const oci::Landlock landlock = run().effective.landlock;
  EXPECT_TRUE(landlock.scope_signals);
  EXPECT_TRUE(landlock.scope_abstract_sockets);
}

TEST_F(Filesystem, MountsThatNothingOpensAreReported) {
  EXPECT_TRUE(reported(run(), "warning: the mount /data cannot be read"));
  policy_.filesystem.read_write = {{"/data", {}}};
  EXPECT_FALSE(reported(run(), "warning: the mount /data"));
}

}  // namespace
}  // namespace nemoclaw::policy
