#include "runtime/cli/stats_json.h"

#include <gtest/gtest.h>

#include "runtime/base/json.h"

namespace nemoclaw::cli {
namespace {

TEST(StatsJson, WhatIsZeroIsLeftOut) {
  const std::string text = encode_stats("web", {});
  EXPECT_EQ(text,
            R"({"type":"stats","id":"web","data":{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},"cpuset":{},)"
            R"("memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},"kernel":{"limit":0,"failcnt":0},)"
            R"("kernelTCP":{"limit":0,"failcnt":0}},"pids":{},"blkio":{},"hugetlb":{},"intel_rdt":{},)"
            R"("network_interfaces":null}})"
            "\n");
}

TEST(StatsJson, EveryPart) {
  cgroup::Stats stats;
  stats.cpu.total = 3;
  stats.cpu.per_cpu = {1, 2};
  stats.memory = {10, 5, 7, 1};
  stats.memory_raw = {{"anon", 4}};
  stats.pids_current = 2;
  stats.pids_limit = 9;
  stats.io_bytes = {{8, 0, "Read", 512}};
  stats.hugetlb = {{"2MB", 1, 2, 3}};
  const Result<json::Value> parsed = json::parse(encode_stats("web", stats));
  ASSERT_TRUE(parsed) << parsed.error().message;
  const json::Value& data = *parsed->find("data");
  EXPECT_EQ(data.find("cpu")->find("usage")->find("percpu")->array.size(), 2U);
  EXPECT_EQ(data.find("memory")->find("usage")->find("max")->magnitude, 7U);
  EXPECT_EQ(data.find("memory")->find("raw")->find("anon")->magnitude, 4U);
  EXPECT_EQ(data.find("pids")->find("limit")->magnitude, 9U);
  EXPECT_EQ(data.find("blkio")->find("ioServiceBytesRecursive")->array[0].find("value")->magnitude, 512U);
  EXPECT_EQ(data.find("hugetlb")->find("2MB")->find("failcnt")->magnitude, 3U);
}

TEST(StatsJson, Oom) { EXPECT_EQ(encode_oom("web"), "{\"type\":\"oom\",\"id\":\"web\"}\n"); }

}  // namespace
}  // namespace nemoclaw::cli
