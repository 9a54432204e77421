#include <gtest/gtest.h>

#include "runtime/cgroup/driver.h"
#include "runtime/cgroup/limits_values.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::cgroup {
namespace {

// "controller file=value" per line; '?' marks optional, "|file=value" the other name.
std::string plan_text(Version version, const char* resources, bool update = true) {
  const Result<oci::Resources> parsed = oci::parse_resources(resources, "r");
  if (!parsed) return parsed.error().message;
  const Result<LimitsPlan> plan = plan_limits(version, *parsed, update);
  if (!plan) return "error: " + plan.error().message;
  std::string text;
  for (const auto& [controller, write] : plan->writes) {
    if (!text.empty()) text += '\n';
    if (!controller.empty()) text += controller + " ";
    text += write.file + "=" + write.value + (write.optional ? "?" : "");
    if (!write.other_file.empty()) text += "|" + write.other_file + "=" + write.other_value;
  }
  return text;
}

struct Case {
  const char *resources, *v1, *v2;
};

TEST(LimitsPlan, BothVersions) {
  const Case table[] = {
      {"{}", "", ""},
      {R"({"memory":{"limit":100,"swap":300}})",
       "memory memory.limit_in_bytes=100\nmemory memory.memsw.limit_in_bytes=300",
       "memory.swap.max=200\nmemory.max=100"},
      {R"({"memory":{"limit":100,"swap":100}})",
       "memory memory.limit_in_bytes=100\nmemory memory.memsw.limit_in_bytes=100",
       "memory.swap.max=0?\nmemory.max=100"},
      {R"({"memory":{"limit":100,"swap":-1}})",
       "memory memory.limit_in_bytes=100\nmemory memory.memsw.limit_in_bytes=-1?",
       "memory.swap.max=max?\nmemory.max=100"},
      {R"({"memory":{"limit":-1}})",
       "memory memory.limit_in_bytes=-1\nmemory memory.memsw.limit_in_bytes=-1?",
       "memory.swap.max=max?\nmemory.max=max"},
      {R"({"memory":{"limit":0,"swap":0,"kernel":5}})", "", ""},
      {R"({"memory":{"reservation":7,"kernelTCP":8,"swappiness":0,"disableOOMKiller":true}})",
       "memory memory.soft_limit_in_bytes=7\nmemory memory.kmem.tcp.limit_in_bytes=8\nmemory "
       "memory.swappiness=0\n"
       "memory memory.oom_control=1",
       "memory.low=7"},
      {R"({"cpu":{"shares":1024,"quota":50000,"period":200000,"burst":5}})",
       "cpu cpu.shares=1024\ncpu cpu.cfs_period_us=200000\ncpu cpu.cfs_quota_us=50000\ncpu "
       "cpu.cfs_burst_us=5",
       "cpu.weight=100\ncpu.max=50000 200000\ncpu.max.burst=5"},
      {R"({"cpu":{"quota":50000}})", "cpu cpu.cfs_quota_us=50000", "cpu.max=50000 100000"},
      {R"({"cpu":{"quota":-1}})", "cpu cpu.cfs_quota_us=-1", "cpu.max=max 100000"},
      {R"({"cpu":{"idle":1,"cpus":"0-1","mems":"0","shares":0}})",
       "cpu cpu.idle=1\ncpuset cpuset.cpus=0-1\ncpuset cpuset.mems=0",
       "cpu.idle=1\ncpuset.cpus=0-1\ncpuset.mems=0"},
      {R"({"cpu":{"realtimePeriod":9,"realtimeRuntime":8}})",
       "cpu cpu.rt_period_us=9\ncpu cpu.rt_runtime_us=8", ""},
      {R"({"pids":{"limit":5}})", "pids pids.max=5", "pids.max=5"},
      {R"({"pids":{"limit":0}})", "pids pids.max=1", "pids.max=1"},
      {R"({"pids":{"limit":-1}})", "pids pids.max=max", "pids.max=max"},
      {R"({"pids":{}})", "", ""},
      {R"({"blockIO":{"weight":500,"weightDevice":[{"major":8,"minor":0,"weight":1000}]}})",
       "blkio blkio.weight=500|blkio.bfq.weight=500\nblkio blkio.weight_device=8:0 "
       "1000|blkio.bfq.weight_device=8:0 1000",
       "io.bfq.weight=500|io.weight=default 4950\nio.bfq.weight=8:0 1000|io.weight=8:0 10000"},
      {R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":7}],"throttleWriteBpsDevice":[{"major":8,"minor":1,"rate":8}],
           "throttleReadIOPSDevice":[{"major":8,"minor":2,"rate":9}],"throttleWriteIOPSDevice":[{"major":8,"minor":3,"rate":0}]}})",
       "blkio blkio.throttle.read_bps_device=8:0 7\nblkio blkio.throttle.write_bps_device=8:1 8\n"
       "blkio blkio.throttle.read_iops_device=8:2 9\nblkio blkio.throttle.write_iops_device=8:3 0",
       "io.max=8:0 rbps=7\nio.max=8:1 wbps=8\nio.max=8:2 riops=9\nio.max=8:3 wiops=max"},
      {R"({"hugepageLimits":[{"pageSize":"2MB","limit":9}]})",
       "hugetlb hugetlb.2MB.limit_in_bytes=9\nhugetlb hugetlb.2MB.rsvd.limit_in_bytes=9?",
       "hugetlb.2MB.max=9\nhugetlb.2MB.rsvd.max=9?"},
      {R"({"rdma":{"mlx5":{"hcaHandles":3},"empty":{}}})", "rdma rdma.max=mlx5 hca_handle=3",
       "rdma.max=mlx5 hca_handle=3"},
      {R"({"network":{"classID":1048577,"priorities":[{"name":"lo","priority":2}]}})",
       "net_cls net_cls.classid=1048577\nnet_prio net_prio.ifpriomap=lo 2",
       "error: linux.resources.network: classID and priorities need cgroup v1; this host runs cgroup v2"},
      {R"({"unified":{"memory.high":"5","io.max":"8:0 rbps=1\n8:1 wbps=2"}})",
       "error: linux.resources.unified: invalid configuration: needs cgroup v2, and this host runs cgroup v1; use the other fields",
       "memory.high=5\nio.max=8:0 rbps=1\nio.max=8:1 wbps=2"},
      {R"({"memory":{"limit":100,"swap":50}})",
       "error: linux.resources.memory.swap: is memory plus swap and must not be below memory.limit",
       "error: linux.resources.memory.swap: is memory plus swap and must not be below memory.limit"},
      {R"({"memory":{"swap":50}})", "memory memory.memsw.limit_in_bytes=50",
       "error: linux.resources.memory.swap: unable to set swap limit without memory limit; set memory.limit"},
      {R"({"memory":{"swappiness":101}})",
       "error: linux.resources.memory.swappiness: 101 is not between 0 and 100",
       "error: linux.resources.memory.swappiness: 101 is not between 0 and 100"},
  };
  for (const Case& each : table) {
    SCOPED_TRACE(each.resources);
    EXPECT_EQ(plan_text(Version::V1, each.resources), each.v1);
    EXPECT_EQ(plan_text(Version::V2, each.resources), each.v2);
  }
}

TEST(LimitsPlan, UnifiedCannotLeaveTheDirectoryOrMoveProcesses) {
  for (const char* file :
       {"../x", "a/b.c", "", "nodot", "cgroup.procs", "cgroup.subtree_control", "cgroup.kill", ".x"}) {
    oci::Resources resources;
    resources.unified = {{file, "1"}};
    EXPECT_FALSE(plan_limits(Version::V2, resources)) << file;
  }
}

TEST(LimitsPlan, CreateOnV1AlwaysRestrictsDevices) {
  const std::string text = plan_text(Version::V1, "{}", false);
  EXPECT_TRUE(text.starts_with("devices devices.deny=a\n")) << text;
  EXPECT_NE(text.find("devices devices.allow=c 1:3 rwm"), std::string::npos);
}

TEST(LimitsValues, Weights) {
  const std::pair<uint64_t, uint64_t> shares[] = {{0, 0},          {1, 1},          {2, 1},    {1024, 100},
                                                  {262144, 10000}, {500000, 10000}, {512, 59}, {2048, 174}};
  for (const auto& [from, to] : shares) EXPECT_EQ(cpu_weight_from_shares(from), to) << from;
  uint64_t before = 0;
  for (uint64_t each = 2; each < 262144; each += 97) {
    EXPECT_GE(cpu_weight_from_shares(each), before);
    before = cpu_weight_from_shares(each);
  }
  const std::pair<uint16_t, uint64_t> io[] = {{0, 0},        {10, 1}, {500, 4950},
                                              {1000, 10000}, {5, 1},  {2000, 10000}};
  for (const auto& [from, to] : io) EXPECT_EQ(io_weight_from_blkio(from), to) << from;
}

}  // namespace
}  // namespace nemoclaw::cgroup
