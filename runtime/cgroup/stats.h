// What a container uses, as the kernel counts it. The same for v1 and v2, in v1's terms: that is what the `events` verb's
// readers know.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nemoclaw::cgroup {

struct MemoryUsage {
  uint64_t limit = 0, usage = 0, max = 0, failures = 0;
  bool operator==(const MemoryUsage&) const = default;
};

struct IoCount {
  uint64_t major = 0, minor = 0;
  std::string operation;  // "Read", "Write" ...
  uint64_t value = 0;
  bool operator==(const IoCount&) const = default;
};

struct HugetlbUsage {
  std::string page_size;  // "2MB"
  uint64_t usage = 0, max = 0, failures = 0;
};

struct CpuUsage {  // nanoseconds
  uint64_t total = 0, kernel = 0, user = 0;
  std::vector<uint64_t> per_cpu, per_cpu_kernel, per_cpu_user;
  uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;
};

using Counters = std::vector<std::pair<std::string, uint64_t>>;

struct Stats {
  CpuUsage cpu;
  std::vector<uint64_t> cpuset_cpus, cpuset_memory_nodes;
  uint64_t memory_cache = 0;
  MemoryUsage memory, swap, kernel, kernel_tcp;  // swap: memory and swap together
  Counters memory_raw;                           // memory.stat
  uint64_t pids_current = 0, pids_limit = 0;     // limit 0: none
  std::vector<IoCount> io_bytes, io_operations;
  std::vector<HugetlbUsage> hugetlb;
};

// What cannot be read stays 0: a controller may be absent. `directory_of` gives a controller's directory, "" if the
// hierarchy is not mounted.
Stats read_stats_v1(const std::function<std::string(std::string_view controller)>& directory_of);
Stats read_stats_v2(const std::string& directory);

// Pure, of files that the container may fill with many lines but whose form is the kernel's; bad lines are passed over.
Counters parse_counters(std::string_view text);           // "key 123"
std::vector<IoCount> parse_blkio(std::string_view text);  // v1: "8:0 Read 123"
// v2's io.stat, "8:0 rbytes=1 wbytes=2 rios=3 ...": bytes, then operations.
std::pair<std::vector<IoCount>, std::vector<IoCount>> parse_io_stat(std::string_view text);
std::vector<uint64_t> parse_numbers(std::string_view text);    // separated by blanks
std::vector<uint64_t> parse_cpu_list(std::string_view text);  // "0-3,7"

}  // namespace nemoclaw::cgroup
