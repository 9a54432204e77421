#include "runtime/cgroup/resctrl.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "runtime/base/file.h"

namespace nemoclaw::cgroup {
namespace {

TEST(ResctrlPlan, GroupsAndSchemataFollowTheSpecification) {
  oci::IntelRdt rdt;
  rdt.l3_cache_schema = "L3:0=f;1=f\nMB:0=10";
  rdt.mem_bw_schema = "MB:0=20";
  rdt.schemata = {"L2:0=3", "L3CODE:0=1"};
  rdt.enable_monitoring = true;
  const ResctrlPlan own = plan_resctrl(rdt, "c1").value();
  EXPECT_EQ(own.group, "c1");
  EXPECT_TRUE(own.own_group);
  EXPECT_EQ(own.monitor, "mon_groups/c1");
  EXPECT_EQ(own.schemata, (std::vector<std::string>{"L3:0=f;1=f", "MB:0=20", "L2:0=3", "L3CODE:0=1"}));
  EXPECT_TRUE(plan_resctrl({.clos_id = "gold"}, "c1").value().must_exist);
  EXPECT_EQ(plan_resctrl({.clos_id = "/"}, "c1").value().group, "");
}

TEST(Resctrl, MountPointIsRead) {
  EXPECT_EQ(resctrl_mount_point("24 1 0:5 / /proc rw - proc proc rw\n30 1 0:9 / /sys/fs/resctrl rw,relatime - resctrl resctrl rw\n"),
            "/sys/fs/resctrl");
  EXPECT_EQ(resctrl_mount_point("24 1 0:5 / /proc rw - proc proc rw\n"), "");
}

// A tree of ordinary files stands in for the kernel's: the writes are what is tested.
class ResctrlTree : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/resctrl-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
  }
  void TearDown() override { static_cast<void>(remove_tree(root_)); }
  std::string read(const std::string& file) { return read_file(root_ + "/" + file, 4096).value_or("(nothing)"); }
  void put(const std::string& file, const std::string& text) {
    ASSERT_TRUE(write_file_atomic(root_ + "/" + file, text, 0644));
  }

  std::string root_;
};

TEST_F(ResctrlTree, OwnGroupIsMadeJoinedAndRemoved) {
  ASSERT_EQ(mkdir((root_ + "/c1").c_str(), 0755), 0);
  ASSERT_EQ(mkdir((root_ + "/c1/mon_groups").c_str(), 0755), 0);
  ASSERT_EQ(mkdir((root_ + "/c1/mon_groups/c1").c_str(), 0755), 0);
  put("c1/schemata", "");
  put("c1/tasks", "");
  put("c1/mon_groups/c1/tasks", "");
  const ResctrlPlan plan = plan_resctrl({.l3_cache_schema = "L3:0=f", .enable_monitoring = true}, "c1").value();
  ASSERT_TRUE(make_resctrl_group(root_, plan));
  ASSERT_TRUE(join_resctrl_group(root_, plan, 42));
  EXPECT_EQ(read("c1/schemata"), "L3:0=f\n");
  EXPECT_EQ(read("c1/tasks"), "42");
  EXPECT_EQ(read("c1/mon_groups/c1/tasks"), "42");
}

TEST_F(ResctrlTree, ClassesOfTheAdministratorAreComparedAndNeverMadeOrRemoved) {
  EXPECT_FALSE(make_resctrl_group(root_, plan_resctrl({.clos_id = "gold"}, "c1").value()));
  ASSERT_EQ(mkdir((root_ + "/gold").c_str(), 0755), 0);
  put("gold/schemata", "    L3:0=f\n    MB:0=100\n");
  EXPECT_TRUE(make_resctrl_group(root_, plan_resctrl({.clos_id = "gold"}, "c1").value()));
  EXPECT_TRUE(make_resctrl_group(root_, plan_resctrl({.clos_id = "gold", .l3_cache_schema = "L3:0=f"}, "c1").value()));
  EXPECT_FALSE(make_resctrl_group(root_, plan_resctrl({.clos_id = "gold", .l3_cache_schema = "L3:0=1"}, "c1").value()));
  remove_resctrl_group(root_, plan_resctrl({.clos_id = "gold"}, "c1").value());
  EXPECT_TRUE(file_exists(root_ + "/gold"));
}

}  // namespace
}  // namespace nemoclaw::cgroup
