#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "runtime/base/uapi.h"
#include "runtime/isolation/capability_plan.h"
#include "runtime/isolation/device_plan.h"
#include "runtime/isolation/id_map_plan.h"
#include "runtime/isolation/mount_plan.h"
#include "runtime/isolation/namespace_plan.h"
#include "runtime/isolation/rootfs.h"
#include "runtime/isolation/sysctl_plan.h"

namespace nemoclaw::isolation {
namespace {

oci::Linux with_namespaces(std::vector<oci::Namespace> namespaces) {
  oci::Linux linux_;
  linux_.namespaces = std::move(namespaces);
  return linux_;
}

TEST(NamespacePlan, NewOnesBecomeCloneFlags) {
  const Result<NamespacePlan> plan = plan_namespaces(
      with_namespaces({{"pid", ""}, {"mount", ""}, {"network", ""}, {"cgroup", ""}, {"time", ""}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->clone_flags, static_cast<uint64_t>(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET));
  EXPECT_TRUE(plan->new_cgroup);
  EXPECT_TRUE(plan->new_time);
  EXPECT_FALSE(plan->two_clones);
}

TEST(NamespacePlan, JoinsUserFirstAndMountLast) {
  const Result<NamespacePlan> plan = plan_namespaces(
      with_namespaces({{"mount", "/m"}, {"network", "/n"}, {"pid", "/p"}, {"user", "/u"}, {"ipc", ""}}));
  ASSERT_TRUE(plan);
  std::string order;
  for (const JoinedNamespace& each : plan->joined) order += each.type + " ";
  EXPECT_EQ(order, "user pid network mount ");
  EXPECT_TRUE(plan->two_clones);
}

TEST(NamespacePlan, ClonesTwiceOnlyWhenItMust) {
  const auto twice = [](std::vector<oci::Namespace> namespaces) {
    return plan_namespaces(with_namespaces(std::move(namespaces)))->two_clones;
  };
  EXPECT_FALSE(twice(
      {{"mount", ""}, {"pid", ""}, {"network", "/n"}, {"ipc", "/i"}, {"uts", "/u"}}));  // a pod's container
  EXPECT_TRUE(twice({{"mount", ""}, {"pid", "/p"}}));
  EXPECT_TRUE(twice({{"mount", ""}, {"user", "/u"}}));
  EXPECT_TRUE(twice({{"mount", ""}, {"user", ""}, {"network", "/n"}}));
  EXPECT_FALSE(twice({{"mount", ""}, {"user", ""}}));
}

TEST(NamespacePlan, Errors) {
  EXPECT_EQ(plan_namespaces(with_namespaces({{"mount", ""}, {"foo", ""}})).error().message,
            "linux.namespaces[1].type: unknown namespace 'foo'");
  EXPECT_EQ(plan_namespaces(with_namespaces({{"pid", ""}, {"pid", ""}})).error().message,
            "linux.namespaces[1]: a second pid namespace; name each type once");
  EXPECT_EQ(plan_namespaces(with_namespaces({{"pid", ""}, {"user", ""}})).error().message,
            "linux.namespaces: a user namespace cannot mount in the host's mount namespace; add {\"type\": \"mount\"}");
  EXPECT_TRUE(plan_namespaces(with_namespaces({{"pid", ""}}))->host_mounts);
  EXPECT_FALSE(plan_namespaces(with_namespaces({{"mount", "/m"}}))->host_mounts);
  oci::Linux offsets = with_namespaces({{"mount", ""}});
  offsets.time_offsets = {{"monotonic", {1, 2}}};
  EXPECT_FALSE(plan_namespaces(offsets));
  offsets.namespaces.push_back({"time", ""});
  offsets.time_offsets.push_back({"boottime", {-5, 7}});
  ASSERT_TRUE(plan_namespaces(offsets));
  EXPECT_EQ(time_offsets_text(offsets), "monotonic 1 2\nboottime -5 7\n");
}

TEST(IdMapPlan, NeedsBothMapsForANewNamespace) {
  oci::Linux linux_ = with_namespaces({{"user", ""}});
  EXPECT_FALSE(plan_id_maps(linux_));
  linux_.uid_mappings = {{0, 100000, 65536}};
  EXPECT_EQ(plan_id_maps(linux_).error().message,
            "linux.gidMappings: a new user namespace needs at least one");
  linux_.gid_mappings = {{1, 5, 1}, {0, 100000, 1}};
  ASSERT_TRUE(plan_id_maps(linux_));
  EXPECT_TRUE(plan_id_maps(linux_)->maps_root());
  EXPECT_EQ(id_map_text(linux_.gid_mappings), "1 5 1\n0 100000 1\n");
  linux_.namespaces[0].path = "/proc/1/ns/user";
  EXPECT_TRUE(plan_id_maps(linux_)->empty());
  linux_.namespaces.clear();
  EXPECT_FALSE(plan_id_maps(linux_));
}

TEST(MountPlan, CgroupComesLastUnlessCovered) {
  oci::Spec spec;
  spec.mounts = {{"/proc", "proc", "proc", {}},
                 {"/sys/fs/cgroup", "cgroup", "cgroup", {"ro"}},
                 {"data", "bind", "data", {"rbind"}}};
  const Result<MountPlan> plan = plan_mounts(spec, "/bundle");
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->steps.size(), 3u);
  EXPECT_EQ(plan->steps[1].destination, "/data");
  EXPECT_EQ(plan->steps[1].source, "/bundle/data");
  EXPECT_EQ(plan->steps[2].kind, MountKind::Cgroup);
  EXPECT_EQ(plan->default_propagation, static_cast<uint64_t>(MS_SLAVE));
  spec.mounts.push_back({"/sys/fs/cgroup/x", "tmpfs", "tmpfs", {}});
  EXPECT_EQ(plan_mounts(spec, "/bundle")->steps[1].kind, MountKind::Cgroup);
}

TEST(MountPlan, LabelsFileSystemsButNotBinds) {
  oci::Spec spec;
  spec.linux_.mount_label = "system_u:object_r:container_file_t:s0";
  spec.mounts = {{"/tmp", "tmpfs", "tmpfs", {}}, {"/data", "bind", "/data", {"bind"}}};
  const Result<MountPlan> plan = plan_mounts(spec, "/b");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps[0].label, spec.linux_.mount_label);
  EXPECT_EQ(plan->steps[0].label_option, "context");
  EXPECT_EQ(plan->steps[1].label, "");
  spec.annotations = {{"run.oci.mount_context_type", "rootcontext"}};
  EXPECT_EQ(plan_mounts(spec, "/b")->steps[0].label_option, "rootcontext");
}

TEST(MountPlan, Errors) {
  const std::pair<oci::Mount, const char*> cases[] = {
      {{"", "tmpfs", "", {}}, "mounts[0].destination: is missing"},
      {{"/a", "bind", "", {"bind"}}, "mounts[0].source: a bind mount needs one"},
      {{"/a", "", "x", {}}, "mounts[0].type: is missing"},
      {{"/..", "tmpfs", "", {}}, "mounts[0].destination: '/' cannot be mounted over; use root.path"},
      {{"/a", "bind", "/b", {"bind", "idmap"}},
       "mounts[0].options: 'idmap' needs uidMappings and gidMappings, here or in linux"},
  };
  for (const auto& [mount, message] : cases) {
    oci::Spec spec;
    spec.mounts = {mount};
    const Result<MountPlan> plan = plan_mounts(spec, "/b");
    ASSERT_FALSE(plan) << message;
    EXPECT_EQ(plan.error().message, message);
  }
}

TEST(MountPlan, CgroupPathsAndLinks) {
  const std::string membership = "12:cpu,cpuacct:/docker/x\n3:name=systemd:/s\n0::/unified/y\n";
  EXPECT_EQ(cgroup_path_of(membership, {"/sys/fs/cgroup/cpu,cpuacct", {"cpu", "cpuacct"}}), "/docker/x");
  EXPECT_EQ(cgroup_path_of(membership, {"/sys/fs/cgroup/systemd", {"name=systemd"}}), "/s");
  EXPECT_EQ(cgroup_path_of(membership, {"/sys/fs/cgroup", {}}), "/unified/y");
  EXPECT_EQ(cgroup_path_of(membership, {"/sys/fs/cgroup/memory", {"memory"}}), "/");
  EXPECT_EQ(cgroup_path_of("garbage\n:\n", {"/m", {"memory"}}), "/");
  const auto links = cgroup_links(
      {{"/sys/fs/cgroup/cpu,cpuacct", {"cpu", "cpuacct"}}, {"/sys/fs/cgroup/memory", {"memory"}}});
  ASSERT_EQ(links.size(), 2u);
  EXPECT_EQ(links[0], (std::pair<std::string, std::string>("cpu", "cpu,cpuacct")));
}

TEST(RootfsPlan, Propagation) {
  oci::Spec spec;
  EXPECT_EQ(plan_rootfs(spec, "/r", false)->namespace_propagation, static_cast<uint64_t>(MS_SLAVE | MS_REC));
  spec.linux_.rootfs_propagation = "shared";
  EXPECT_EQ(plan_rootfs(spec, "/r", false)->final_propagation, static_cast<uint64_t>(MS_SHARED));
  spec.linux_.rootfs_propagation = "unbindable";
  EXPECT_EQ(plan_rootfs(spec, "/r", false)->namespace_propagation, static_cast<uint64_t>(MS_SLAVE | MS_REC));
  spec.linux_.rootfs_propagation = "ro";
  EXPECT_EQ(plan_rootfs(spec, "/r", false).error().message,
            "linux.rootfsPropagation: unknown value 'ro'; use shared, slave, private or unbindable, or their "
            "forms with r");
}

TEST(DevicePlan, SpecReplacesDefaults) {
  oci::Spec spec;
  spec.linux_.devices = {
      {"/dev/null", "c", 1, 3, 0600}, {"/dev/sda", "b", 8, 0, {}, 5, 6}, {"/dev/ptmx", "c", 5, 2}};
  const Result<DevicePlan> plan = plan_devices(spec);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->nodes.size(), 7u);
  EXPECT_EQ(plan->nodes[0].mode, static_cast<mode_t>(S_IFCHR | 0600));
  EXPECT_EQ(plan->nodes[6].mode, static_cast<mode_t>(S_IFBLK | 0666));
  EXPECT_EQ(plan->nodes[6].gid, 6u);
  EXPECT_FALSE(plan->bind);
  spec.linux_.namespaces = {{"user", ""}};
  EXPECT_TRUE(plan_devices(spec)->bind);
  spec.linux_.devices = {{"/dev/x", "z", 1, 1}};
  EXPECT_EQ(plan_devices(spec).error().message,
            "linux.devices[0].type: unknown device type 'z'; use c, b, u or p");
}

TEST(DevicePlan, ABoundDevIsLeftAlone) {
  oci::Spec spec;
  spec.mounts = {{"/dev/", "bind", "/dev", {"rbind"}}};
  EXPECT_FALSE(plan_devices(spec)->wanted);
  spec.mounts[0].options.clear();
  spec.mounts[0].type = "tmpfs";
  EXPECT_TRUE(plan_devices(spec)->wanted);
}

TEST(SysctlPlan, OnlyWhatANamespaceHolds) {
  oci::Spec spec;
  spec.linux_.namespaces = {{"network", ""}, {"ipc", ""}, {"uts", ""}};
  const std::pair<const char*, const char*> good[] = {
      {"net.ipv4.ip_forward", "sys/net/ipv4/ip_forward"},
      {"net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
      {"net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
      {"kernel.shmmax", "sys/kernel/shmmax"},
      {"fs.mqueue.msg_max", "sys/fs/mqueue/msg_max"},
      {"kernel.domainname", "sys/kernel/domainname"},
  };
  for (const auto& [name, file] : good) {
    spec.linux_.sysctl = {{name, "1"}};
    const Result<std::vector<SysctlWrite>> plan = plan_sysctls(spec);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->at(0).file, file);
  }
  for (const char* name : {"vm.swappiness", "kernel.panic", "kernel.hostname", "net/../vm/swappiness",
                           "net..ipv4", "kernel.shm", "fs.mqueue", "net"}) {
    spec.linux_.sysctl = {{name, "1"}};
    EXPECT_FALSE(plan_sysctls(spec)) << name;
  }
  spec.linux_.namespaces.clear();
  for (const auto& [name, file] : good) {
    spec.linux_.sysctl = {{name, "1"}};
    EXPECT_FALSE(plan_sysctls(spec)) << name << file;
  }
}

TEST(CapabilityPlan, NamesAndMasks) {
  EXPECT_EQ(capability_number("CAP_CHOWN"), 0);
  EXPECT_EQ(capability_number("cap_checkpoint_restore"), 40);
  EXPECT_EQ(capability_number("CAP_"), -1);
  EXPECT_EQ(capability_number("CAP_CHOWNX"), -1);
  for (int number = 0; number <= 40; ++number) EXPECT_EQ(capability_number(capability_name(number)), number);
  EXPECT_EQ(capability_name(41), nullptr);

  oci::Capabilities wanted;
  wanted.bounding = wanted.permitted = {"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_MADE_UP"};
  const CapabilityPlan plan = plan_capabilities(wanted, 0x1);
  EXPECT_EQ(plan.bounding, 0x1u);
  EXPECT_EQ(plan.permitted, 0x1u);
  EXPECT_EQ(plan.effective, 0u);
  EXPECT_EQ(plan.ignored, (std::vector<std::string>{"CAP_SYS_ADMIN", "CAP_MADE_UP"}));
  EXPECT_EQ(plan_capabilities(std::nullopt, ~uint64_t{0}).bounding, 0u);
}

}  // namespace
}  // namespace nemoclaw::isolation
