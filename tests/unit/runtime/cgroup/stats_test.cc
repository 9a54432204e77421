#include "runtime/cgroup/stats.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/base/file.h"
#include "runtime/cgroup/oom_watch.h"

namespace nemoclaw::cgroup {
namespace {

using Numbers = std::vector<uint64_t>;

TEST(StatsFiles, Counters) {
  EXPECT_EQ(parse_counters("cache 1\nrss 22\nbroken\nx y\n 5\nlast 18446744073709551615"),
            (Counters{{"cache", 1}, {"rss", 22}, {"last", UINT64_MAX}}));
}

TEST(StatsFiles, Blkio) {
  EXPECT_EQ(parse_blkio("8:0 Read 10\n8:16 Write 20\n8:0 Total 30\nTotal 60\n8:x Read 1\n"),
            (std::vector<IoCount>{{8, 0, "Read", 10}, {8, 16, "Write", 20}, {8, 0, "Total", 30}}));
}

TEST(StatsFiles, IoStat) {
  const auto [bytes, operations] = parse_io_stat("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n253:1 rbytes=9\nbad\n");
  EXPECT_EQ(bytes, (std::vector<IoCount>{
                       {8, 0, "Read", 1}, {8, 0, "Write", 2}, {8, 0, "Discard", 5}, {253, 1, "Read", 9}}));
  EXPECT_EQ(operations, (std::vector<IoCount>{{8, 0, "Read", 3}, {8, 0, "Write", 4}, {8, 0, "Discard", 6}}));
}

TEST(StatsFiles, Lists) {
  EXPECT_EQ(parse_numbers("1 22 \n333\n"), (Numbers{1, 22, 333}));
  EXPECT_EQ(parse_cpu_list("0-2,7\n"), (Numbers{0, 1, 2, 7}));
  EXPECT_EQ(parse_cpu_list("\n"), Numbers{});
  EXPECT_EQ(parse_cpu_list("5-3,0-99999999999,x,4"), Numbers{4});
}

class StatsTree : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stats.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    top_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(top_); }
  void put(const std::string& file, const std::string& text) {
    ASSERT_TRUE(write_file_atomic(top_ + "/" + file, text, 0644));
  }
  std::string top_;
};

TEST_F(StatsTree, UnifiedInTermsOfV1) {
  put("cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2\n");
  put("memory.stat", "anon 5\nfile 7\n");
  put("memory.max", "1000\n");
  put("memory.current", "100\n");
  put("memory.swap.max", "500\n");
  put("memory.swap.current", "50\n");
  put("memory.events", "low 0\nmax 6\noom 1\n");
  put("pids.current", "2\n");
  put("pids.max", "max\n");
  put("hugetlb.2MB.current", "0\n");
  put("hugetlb.2MB.rsvd.current", "1\n");
  const Stats stats = read_stats_v2(top_);
  EXPECT_EQ(stats.cpu.total, 30'000U);
  EXPECT_EQ(stats.cpu.kernel, 10'000U);
  EXPECT_EQ(stats.cpu.throttled_time, 2'000U);
  EXPECT_EQ(stats.memory_cache, 7U);
  EXPECT_EQ(stats.memory, (MemoryUsage{1000, 100, 0, 6}));
  EXPECT_EQ(stats.swap, (MemoryUsage{1500, 150, 0, 0})) << "memory and swap together";
  EXPECT_EQ(stats.pids_current, 2U);
  EXPECT_EQ(stats.pids_limit, 0U) << "no limit";
  ASSERT_EQ(stats.hugetlb.size(), 1U);
  EXPECT_EQ(stats.hugetlb[0].page_size, "2MB");
}

TEST_F(StatsTree, UnlimitedMemoryStaysUnlimitedWithSwap) {
  put("memory.max", "max\n");
  put("memory.swap.max", "500\n");
  EXPECT_EQ(read_stats_v2(top_).swap.limit, UINT64_MAX);
}

TEST_F(StatsTree, LegacyWithAMissingHierarchy) {
  put("cpuacct.usage", "99\n");
  put("cpuacct.stat", "user 2\nsystem 1\n");
  put("memory.usage_in_bytes", "11\n");
  const Stats stats = read_stats_v1([this](std::string_view name) { return name == "hugetlb" ? "" : top_; });
  EXPECT_EQ(stats.cpu.total, 99U);
  EXPECT_EQ(stats.cpu.user, 2 * stats.cpu.kernel);
  EXPECT_EQ(stats.memory.usage, 11U);
  EXPECT_TRUE(stats.hugetlb.empty());
}

TEST_F(StatsTree, OomKillsAreCountedOnce) {
  put("memory.events", "oom 0\noom_kill 1\n");
  Result<OomWatch> watch = OomWatch::open_v2(top_);
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_EQ(*watch->take(), 0U) << "what was before does not count";
  ASSERT_TRUE(write_file(top_ + "/memory.events", "oom 0\noom_kill 3\n"));
  EXPECT_EQ(*watch->take(), 2U);
  EXPECT_EQ(*watch->take(), 0U);
}

TEST_F(StatsTree, WithoutAMemoryControllerThereIsNothingToWatch) {
  const Result<OomWatch> watch = OomWatch::open_v2(top_);
  ASSERT_TRUE(watch);
  EXPECT_FALSE(watch->fd().valid());
}

}  // namespace
}  // namespace nemoclaw::cgroup
