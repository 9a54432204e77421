#include <gtest/gtest.h>

#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {
namespace {

constexpr const char* legacy =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "36 31 0:32 / /srv/chroot/sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/my\\040systemd rw,relatime - cgroup cgroup "
    "rw,xattr,release_agent=/x,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(Layout, LegacyHierarchiesWithTheirControllers) {
  const Result<Layout> layout = parse_layout(legacy);
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(layout->version, Version::V1);
  ASSERT_EQ(layout->hierarchies.size(), 3U);
  EXPECT_EQ(layout->hierarchies[0].controllers, (oci::Strings{"cpu", "cpuacct"}));
  EXPECT_EQ(layout->hierarchies[1].mount_point, "/sys/fs/cgroup/memory");
  EXPECT_EQ(layout->hierarchies[1].root, "/docker/abc");
  EXPECT_EQ(layout->hierarchies[2].mount_point, "/sys/fs/cgroup/my systemd");
  EXPECT_EQ(layout->hierarchies[2].controllers, oci::Strings{"name=systemd"});
  ASSERT_TRUE(layout->hybrid);
  EXPECT_EQ(layout->hybrid->mount_point, "/sys/fs/cgroup/unified");
}

TEST(Layout, UnifiedAndBroken) {
  const Result<Layout> unified = parse_layout(
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
      "99 23 0:27 / /mnt/old rw - cgroup cgroup rw,freezer\n");
  ASSERT_TRUE(unified);
  EXPECT_EQ(unified->version, Version::V2);
  ASSERT_EQ(unified->hierarchies.size(), 1U);
  EXPECT_EQ(unified->hierarchies[0].mount_point, "/sys/fs/cgroup");
  EXPECT_TRUE(parse_layout("30 23 0:26 / /elsewhere rw - cgroup2 cgroup2 rw").has_value());
  EXPECT_FALSE(parse_layout(""));
  EXPECT_FALSE(parse_layout("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"));
  EXPECT_FALSE(parse_layout(" - cgroup\n"));
}

TEST(Layout, OwnCgroup) {
  constexpr const char* text = "9:name=systemd:/s\n4:memory:/with:colon\n1:cpu,cpuacct:/c\n0::/user.slice\n";
  EXPECT_EQ(own_cgroup(text, "memory"), "/with:colon");
  EXPECT_EQ(own_cgroup(text, "cpuacct"), "/c");
  EXPECT_EQ(own_cgroup(text, "name=systemd"), "/s");
  EXPECT_EQ(own_cgroup(text, ""), "/user.slice");
  EXPECT_EQ(own_cgroup(text, "pids"), "/");
}

TEST(Layout, ContainerPath) {
  struct Case {
    const char *cgroups_path, *own, *expected;  // expected nullptr: refused
  };
  const Case table[] = {
      {"", "/", "/web"},
      {"", "/system.slice/x", "/system.slice/x/web"},
      {"/docker/abc", "/own", "/docker/abc"},
      {"a/b", "/own", "/own/a/b"},
      {"a/b", "/", "/a/b"},
      {"../../x", "/own", "/own/x"},
      {"/../x", "/own", "/x"},
      {"a/./b/../c/", "/own", "/own/a/c"},
      {"system.slice:docker:abc", "/", "/system.slice:docker:abc"},
      {"/", "/own", nullptr},
      {"..", "/own", nullptr},
  };
  for (const Case& each : table) {
    const Result<std::string> path = container_path(each.cgroups_path, "web", each.own);
    ASSERT_EQ(path.has_value(), each.expected != nullptr) << each.cgroups_path;
    if (path) {
      EXPECT_EQ(*path, each.expected) << each.cgroups_path;
    }
  }
  EXPECT_FALSE(container_path(std::string("/a\0b", 4), "web", "/"));
}

}  // namespace
}  // namespace nemoclaw::cgroup
