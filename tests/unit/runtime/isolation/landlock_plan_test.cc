#include "runtime/isolation/landlock_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/isolation/landlock_uapi.h"

namespace nemoclaw::isolation {
namespace {

using oci::PathAccess;

oci::Landlock everything() {
  oci::Landlock landlock;
  landlock.enabled = true;
  landlock.restrict_network = true;
  landlock.scope_signals = true;
  landlock.scope_abstract_sockets = true;
  landlock.connect_tcp = {3128};
  landlock.bind_tcp = {8080};
  landlock.rules = {{"/r", PathAccess::Read},
                    {"/w", PathAccess::ReadWrite},
                    {"/x", PathAccess::ReadExecute},
                    {"/d", PathAccess::DeviceReadWrite}};
  return landlock;
}

std::vector<std::string> degraded_names(const LandlockPlan& plan) {
  std::vector<std::string> names;
  for (const oci::Protection& each : plan.degraded) names.push_back(each.name);
  return names;
}

TEST(LandlockPlan, EveryAbiUsesWhatItHasAndReportsTheRest) {
  using Names = std::vector<std::string>;
  struct {
    int abi;
    uint64_t lacking_fs;
    uint64_t net, scoped;
    Names degraded;
  } cases[] = {
      {1,
       uapi::fs_refer | uapi::fs_truncate | uapi::fs_ioctl_dev,
       0,
       0,
       {"landlock.truncate", "landlock.network", "landlock.ioctl_dev", "landlock.scope_signals",
        "landlock.scope_abstract_sockets"}},
      {3,
       uapi::fs_ioctl_dev,
       0,
       0,
       {"landlock.network", "landlock.ioctl_dev", "landlock.scope_signals",
        "landlock.scope_abstract_sockets"}},
      {4,
       uapi::fs_ioctl_dev,
       3,
       0,
       {"landlock.ioctl_dev", "landlock.scope_signals", "landlock.scope_abstract_sockets"}},
      {5, 0, 3, 0, {"landlock.scope_signals", "landlock.scope_abstract_sockets"}},
      {6, 0, 3, 3, {}},
      {9, 0, 3, 3, {}},
  };
  for (const auto& each : cases) {
    auto plan = plan_landlock(everything(), each.abi);
    ASSERT_TRUE(plan) << each.abi;
    EXPECT_EQ(plan->handled_fs, 0xffffu & ~each.lacking_fs) << each.abi;
    EXPECT_EQ(plan->handled_net, each.net) << each.abi;
    EXPECT_EQ(plan->scoped, each.scoped) << each.abi;
    EXPECT_EQ(plan->ports.size(), each.net == 0 ? 0u : 2u) << each.abi;
    EXPECT_EQ(degraded_names(*plan), each.degraded) << each.abi;
    for (const LandlockPathRule& rule : plan->paths)
      EXPECT_EQ(rule.access & ~plan->handled_fs, 0u) << rule.path;
  }
}

TEST(LandlockPlan, HardRequirementRefusesGaps) {
  oci::Landlock landlock = everything();
  landlock.hard_requirement = true;
  for (int abi : {0, 1, 2, 3, 4, 5}) {
    auto plan = plan_landlock(landlock, abi);
    ASSERT_FALSE(plan) << abi;
    EXPECT_NE(plan.error().message.find("best_effort"), std::string::npos) << plan.error().message;
  }
  EXPECT_TRUE(plan_landlock(landlock, 6));
}

TEST(LandlockPlan, WithoutLandlockNothingIsEnabledAndItIsSaid) {
  auto plan = plan_landlock(everything(), 0);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->enabled);
  EXPECT_EQ(degraded_names(*plan), std::vector<std::string>{"landlock"});
}

TEST(LandlockPlan, ExecutionFollowsReadingUnlessListed) {
  for (bool restrict : {false, true}) {
    oci::Landlock landlock = everything();
    landlock.restrict_execute = restrict;
    auto plan = plan_landlock(landlock, 7);
    ASSERT_TRUE(plan);
    auto executes = [&](size_t rule) { return (plan->paths[rule].access & uapi::fs_execute) != 0; };
    EXPECT_EQ(executes(0), !restrict);
    EXPECT_EQ(executes(1), !restrict);
    EXPECT_TRUE(executes(2));
    EXPECT_FALSE(executes(3));
  }
}

// Nobody may make device nodes: 0:0 needs no capability and is a deletion to an overlay.
TEST(LandlockPlan, DeviceNodesCannotBeMade) {
  auto plan = plan_landlock(everything(), 7);
  ASSERT_TRUE(plan);
  for (const LandlockPathRule& rule : plan->paths)
    EXPECT_EQ(rule.access & (uapi::fs_make_char | uapi::fs_make_block), 0u) << rule.path;
}

class LandlockApply : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-landlock-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    for (const char* each : {"/read", "/write"}) {
      ASSERT_TRUE(make_directories(directory_ + each, 0755));
      ASSERT_TRUE(write_file_atomic(directory_ + each + "/file", "x", 0644));
    }
    ASSERT_TRUE(write_file_atomic(directory_ + "/secret", "x", 0644));
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(directory_)); }

  int try_open(const char* path, int flags) {
    int fd = open((directory_ + path).c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0) return errno;
    close(fd);
    return 0;
  }

  LandlockPlan plan() {
    oci::Landlock landlock;
    landlock.enabled = true;
    landlock.rules = {{directory_ + "/read", PathAccess::Read},
                      {directory_ + "/write", PathAccess::ReadWrite},
                      {directory_ + "/missing", PathAccess::Read}};
    auto result = plan_landlock(landlock, landlock_abi());
    EXPECT_TRUE(result);
    return *result;
  }

  std::string directory_;
};

TEST_F(LandlockApply, TheKernelEnforcesThePlan) {
  if (landlock_abi() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  LandlockPlan landlock = plan();
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::vector<oci::Protection> protections;
    auto ruleset = prepare_landlock(landlock, protections);
    if (!ruleset || protections.size() != 1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    if (!restrict_landlock(*ruleset)) _exit(2);
    struct {
      const char* path;
      int flags, expected;
    } tries[] = {{"/read/file", O_RDONLY, 0},
                 {"/read/file", O_WRONLY, EACCES},
                 {"/write/file", O_RDWR | O_TRUNC, 0},
                 {"/write/new", O_CREAT | O_RDWR, 0},
                 {"/read/new", O_CREAT | O_RDWR, EACCES},
                 {"/secret", O_RDONLY, EACCES}};
    int number = 10;
    for (const auto& each : tries) {
      if (try_open(each.path, each.flags) != each.expected) _exit(number);
      ++number;
    }
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
}

TEST_F(LandlockApply, MissingRequiredPathIsAnError) {
  if (landlock_abi() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  LandlockPlan landlock = plan();
  for (LandlockPathRule& rule : landlock.paths) rule.required = true;
  std::vector<oci::Protection> protections;
  auto ruleset = prepare_landlock(landlock, protections);
  ASSERT_FALSE(ruleset);
  EXPECT_NE(ruleset.error().message.find("/missing"), std::string::npos) << ruleset.error().message;
}

}  // namespace
}  // namespace nemoclaw::isolation
