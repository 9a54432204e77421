#include "runtime/cgroup/bandwidth.h"

#include <gtest/gtest.h>

#include "runtime/cgroup/driver_v2.h"

namespace nemoclaw::cgroup {
namespace {

struct Case {
  const char* name;
  std::optional<int64_t> quota;
  std::optional<uint64_t> period;
  const char* present;
  std::optional<int64_t> want_quota;
  std::optional<uint64_t> want_period;
};

TEST(Bandwidth, WhatAnUpdateLeavesOutIsThePresentOne) {
  const Case cases[] = {
      {"period alone keeps the quota", std::nullopt, 900'000, "500000 1000000\n", 500'000, 900'000},
      {"quota alone keeps the period", 600'000, std::nullopt, "500000 900000\n", 600'000, 900'000},
      {"0 is left out", 600'000, 0, "500000 900000\n", 600'000, 900'000},
      {"no limit keeps the period", -1, std::nullopt, "500000 900000\n", -1, 900'000},
      {"no quota so far, v2", std::nullopt, 900'000, "max 100000\n", std::nullopt, 900'000},
      {"no quota so far, v1", std::nullopt, 900'000, "-1 100000\n", std::nullopt, 900'000},
      {"both", 1, 2, "500000 900000\n", 1, 2},
      {"neither", std::nullopt, std::nullopt, "500000 900000\n", std::nullopt, std::nullopt},
      {"nothing is known", 600'000, std::nullopt, "", 600'000, std::nullopt},
  };
  for (const Case& each : cases) {
    oci::CpuResources cpu;
    cpu.quota = each.quota;
    cpu.period = each.period;
    complete_bandwidth(cpu, each.present);
    EXPECT_EQ(cpu.quota, each.want_quota) << each.name;
    EXPECT_EQ(cpu.period, each.want_period) << each.name;
  }
}

TEST(Bandwidth, FilesOfThreadedCgroups) {
  for (const char* file : {"cpu.max", "cpuset.cpus", "pids.max", "cgroup.max.depth"})
    EXPECT_TRUE(is_for_threads(file)) << file;
  for (const char* file : {"memory.max", "io.max", "hugetlb.2MB.max", "cpux"})
    EXPECT_FALSE(is_for_threads(file)) << file;
}

}  // namespace
}  // namespace nemoclaw::cgroup
