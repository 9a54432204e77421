#include "runtime/cgroup/tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/file.h"
#include "runtime/cgroup/driver_v1.h"
#include "runtime/cgroup/driver_v2.h"

namespace nemoclaw::cgroup {
namespace {

// A directory tree that stands in for a cgroup file system: enough for paths and values, not for what a
// kernel does.
class Tree : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(folder_), nullptr); }
  void TearDown() override { EXPECT_TRUE(remove_tree(folder_)); }
  std::string at(const std::string& path) const { return std::string(folder_) + path; }
  void put(const std::string& path, const char* text) {
    ASSERT_TRUE(write_file_atomic(at(path), text, 0600));
  }
  std::string get(const std::string& path) const {
    Result<std::string> text = read_file(at(path));
    return text ? *text : "error: " + text.error().message;
  }

  char folder_[32] = "/tmp/nemoclaw-cgroup-XXXXXX";
};

TEST_F(Tree, MakeReportsWhatItMadeAndUndoes) {
  std::vector<std::string> created;
  ASSERT_TRUE(make_cgroup(folder_, at("/a/b/c"), created));
  EXPECT_EQ(created, (std::vector<std::string>{at("/a"), at("/a/b"), at("/a/b/c")}));
  std::vector<std::string> again;
  ASSERT_TRUE(make_cgroup(folder_, at("/a/b/c"), again));
  EXPECT_TRUE(again.empty());
  remove_created(created);
  EXPECT_FALSE(file_exists(at("/a")));
}

TEST_F(Tree, RemoveTakesChildrenFirstAndAcceptsAbsence) {
  std::vector<std::string> created;
  ASSERT_TRUE(make_cgroup(folder_, at("/c/x/y"), created));
  ASSERT_TRUE(make_cgroup(folder_, at("/c/z"), created));
  ASSERT_TRUE(remove_cgroups({at("/c"), at("/absent")}));
  EXPECT_FALSE(file_exists(at("/c")));
}

TEST_F(Tree, ProcessesOfTheWholeTree) {
  std::vector<std::string> created;
  ASSERT_TRUE(make_cgroup(folder_, at("/c/x"), created));
  put("/c/cgroup.procs", "10\n0\n11\n");
  put("/c/x/cgroup.procs", "12\n");
  EXPECT_EQ(*list_processes(at("/c"), false), (std::vector<pid_t>{10, 11}));
  EXPECT_EQ(*list_processes(at("/c"), true), (std::vector<pid_t>{10, 11, 12}));
  EXPECT_TRUE(list_processes(at("/absent"), true)->empty());
  put("/c/cgroup.procs", "10\nx\n");
  EXPECT_FALSE(list_processes(at("/c"), false));
}

TEST_F(Tree, NumbersAndKeys) {
  put("/n", "42\n");
  put("/m", "max\n");
  EXPECT_EQ(read_number(at("/n")), 42U);
  EXPECT_EQ(read_number(at("/m")), UINT64_MAX);
  EXPECT_EQ(read_number(at("/absent")), std::nullopt);
  EXPECT_EQ(find_number("usage_usec 5\nuser_usec 6\n", "user_usec"), 6U);
  EXPECT_EQ(find_number("usage_usec 5\n", "usage"), std::nullopt);
  EXPECT_EQ(find_number("usage_usec", "usage_usec"), std::nullopt);
}

TEST_F(Tree, WritesFollowThePlan) {
  put("/plain", "old");
  put("/other", "old");
  const FileWrite plain{.file = "plain", .value = "new"},
      renamed{.file = "absent", .value = "1", .other_file = "other", .other_value = "2"},
      optional{.file = "absent", .value = "1", .optional = true}, missing{.file = "absent", .value = "1"};
  ASSERT_TRUE(write_limits(folder_, {&plain, &renamed, &optional}));
  EXPECT_TRUE(get("/plain").starts_with("new"));
  EXPECT_TRUE(get("/other").starts_with("2"));
  const Result<void> refused = write_limits(folder_, {&missing});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("does not offer that limit"), std::string::npos);
}

TEST_F(Tree, V1RollsBackWhatAFailedCreateMade) {
  ASSERT_EQ(mkdir(at("/pids").c_str(), 0700), 0);
  put("/broken", "a file where a hierarchy should be");
  DriverV1 driver(
      {{at("/pids"), {"pids"}, at("/pids/p/web")}, {at("/broken"), {"memory"}, at("/broken/p/web")}});
  EXPECT_FALSE(driver.create());
  EXPECT_FALSE(file_exists(at("/pids/p")));
}

TEST_F(Tree, V1FillsACpusetFromTheTop) {
  for (const char* level : {"", "/p", "/p/web"}) {
    const std::string directory = at("/cpuset") + level;
    ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems", "/cgroup.procs"})
      ASSERT_TRUE(write_file_atomic(directory + file, "\n", 0600));
  }
  put("/cpuset/cpuset.cpus", "0-3\n");
  put("/cpuset/cpuset.mems", "0\n");
  DriverV1 driver({{at("/cpuset"), {"cpuset"}, at("/cpuset/p/web")}});
  const Result<void> created = driver.create();
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(get("/cpuset/p/cpuset.cpus"), "0-3\n");
  EXPECT_EQ(get("/cpuset/p/web/cpuset.cpus"), "0-3\n");
  EXPECT_EQ(get("/cpuset/p/web/cpuset.mems"), "0\n");
}

TEST_F(Tree, AUsedCgroupIsRefused) {
  for (const char* folder : {"/pids", "/pids/web", "/freezer", "/freezer/web"})
    ASSERT_EQ(mkdir(at(folder).c_str(), 0700), 0);
  put("/pids/web/cgroup.procs", "");
  put("/freezer/web/cgroup.procs", "");
  put("/freezer/web/freezer.state", "THAWED\n");
  const auto create = [&] {
    DriverV1 driver(
        {{at("/pids"), {"pids"}, at("/pids/web")}, {at("/freezer"), {"freezer"}, at("/freezer/web")}});
    const Result<void> done = driver.create();
    return done ? std::string() : done.error().message;
  };
  EXPECT_EQ(create(), "");
  put("/freezer/web/freezer.state", "FROZEN\n");
  EXPECT_NE(create().find("container's cgroup unexpectedly frozen"), std::string::npos);
  put("/freezer/web/freezer.state", "THAWED\n");
  put("/pids/web/cgroup.procs", "77\n");
  EXPECT_NE(create().find("container's cgroup is not empty: 1 process(es) found"), std::string::npos);
}

TEST_F(Tree, FrozenIsReadFromTheDirectoriesOfTheRecord) {
  for (const char* folder : {"/pids", "/pids/web", "/freezer", "/freezer/web", "/v2", "/v2/web"})
    ASSERT_EQ(mkdir(at(folder).c_str(), 0700), 0);
  put("/pids/web/cgroup.procs", "");
  const oci::Strings v1 = {at("/pids/web"), at("/freezer/web")};
  for (const char* state : {"THAWED\n", "FREEZING\n", "FROZEN\n"}) {
    put("/freezer/web/freezer.state", state);
    EXPECT_EQ(is_frozen_in(v1), std::string_view(state) != "THAWED\n") << state;
  }
  for (const char* state : {"0\n", "1\n"}) {
    put("/v2/web/cgroup.freeze", state);
    EXPECT_EQ(is_frozen_in({at("/v2/web")}), std::string_view(state) == "1\n") << state;
  }
  EXPECT_FALSE(is_frozen_in({at("/pids/web"), at("/gone")}));
  EXPECT_FALSE(is_frozen_in({}));
}

TEST_F(Tree, V1SaysWhichHierarchyIsMissing) {
  ASSERT_EQ(mkdir(at("/pids").c_str(), 0700), 0);
  put("/pids/pids.max", "max\n");
  DriverV1 driver({{at("/pids"), {"pids"}, at("/pids")}});
  oci::Resources resources;
  resources.pids_limit = 7;
  ASSERT_TRUE(driver.apply_limits(resources, true));
  EXPECT_TRUE(get("/pids/pids.max").starts_with("7"));
  resources.hugepage_limits = {{"2MB", 1}};
  const Result<void> refused = driver.apply_limits(resources, true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("needs the cgroup v1 hierarchy 'hugetlb', which is not mounted"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(Tree, V2EnablesControllersAlongThePath) {
  put("/cgroup.controllers", "cpu memory pids\n");
  put("/cgroup.subtree_control", "");
  DriverV2 driver(folder_, at("/p"));
  const Result<void> created = driver.create();
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(get("/cgroup.subtree_control"), "+cpu +memory +pids");
  EXPECT_TRUE(file_exists(at("/p")));
  EXPECT_EQ(driver.directories(), oci::Strings{at("/p")});
  EXPECT_EQ(enable_text(""), "");
  EXPECT_EQ(enable_text("io\n"), "+io");
}

TEST_F(Tree, V2LimitsAndStats) {
  ASSERT_EQ(mkdir(at("/p").c_str(), 0700), 0);
  for (const char* file : {"/p/memory.max", "/p/memory.swap.max", "/p/cpu.max", "/p/pids.max"}) put(file, "");
  DriverV2 driver(folder_, at("/p"));
  oci::Resources resources;
  resources.memory.emplace().limit = 4096;
  resources.memory->swap = 8192;
  resources.cpu.emplace().quota = 5000;
  resources.pids_limit = 3;
  const Result<void> applied = driver.apply_limits(resources, true);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(get("/p/memory.max"), "4096");
  EXPECT_EQ(get("/p/memory.swap.max"), "4096");
  EXPECT_EQ(get("/p/cpu.max"), "5000 100000");
  put("/p/memory.current", "5000\n");
  put("/p/pids.current", "2\n");
  put("/p/cpu.stat", "usage_usec 7\nuser_usec 3\n");
  const Result<Stats> stats = driver.stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->memory.usage, 5000U);
  EXPECT_EQ(stats->memory.limit, 4096U);
  EXPECT_EQ(stats->pids_current, 2U);
  EXPECT_EQ(stats->cpu.total, 7000U);
  resources.memory->check_before_update = true;
  const Result<void> refused = driver.apply_limits(resources, true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("4096 is below the 5000 bytes in use"), std::string::npos);
}

TEST(Reopen, ADamagedRecordRemovesNothing) {
  for (const char* directory :
       {"/etc", "relative", "/sys/fs/cgroup/pids/../../x", "/sys/fs/cgroup/pids", "/"})
    EXPECT_FALSE(reopen_driver("v1", {directory})) << directory;
  EXPECT_FALSE(reopen_driver("v1", {}));
  EXPECT_FALSE(reopen_driver("v9", {"/sys/fs/cgroup/pids/x"}));
}

}  // namespace
}  // namespace nemoclaw::cgroup
