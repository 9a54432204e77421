#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/stats.h"
#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

namespace {

std::string text_of(const std::string& file) { return read_file(file, size_t{1} << 20).value_or(std::string()); }

uint64_t number_of(const std::string& file) { return read_number(file).value_or(0); }

uint64_t counter(const Counters& counters, std::string_view key) {
  for (const auto& [name, value] : counters)
    if (name == key) return value;
  return 0;
}

MemoryUsage memory_v1(const std::string& prefix) {
  return {number_of(prefix + "limit_in_bytes"), number_of(prefix + "usage_in_bytes"),
          number_of(prefix + "max_usage_in_bytes"), number_of(prefix + "failcnt")};
}

void read_cpu_v1(CpuUsage& cpu, const std::string& cpuacct, const std::string& scheduler) {
  cpu.total = number_of(cpuacct + "/cpuacct.usage");
  cpu.per_cpu = parse_numbers(text_of(cpuacct + "/cpuacct.usage_percpu"));
  cpu.per_cpu_kernel = parse_numbers(text_of(cpuacct + "/cpuacct.usage_percpu_sys"));
  cpu.per_cpu_user = parse_numbers(text_of(cpuacct + "/cpuacct.usage_percpu_user"));
  const Counters ticks = parse_counters(text_of(cpuacct + "/cpuacct.stat"));
  const uint64_t ns_per_tick = 1'000'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  cpu.user = counter(ticks, "user") * ns_per_tick;
  cpu.kernel = counter(ticks, "system") * ns_per_tick;
  const Counters throttling = parse_counters(text_of(scheduler + "/cpu.stat"));
  cpu.periods = counter(throttling, "nr_periods");
  cpu.throttled_periods = counter(throttling, "nr_throttled");
  cpu.throttled_time = counter(throttling, "throttled_time");
}

// The sizes are known by the files that there are.
std::vector<HugetlbUsage> read_hugetlb(const std::string& directory, bool unified) {
  std::vector<HugetlbUsage> all;
  const std::string suffix = unified ? ".current" : ".usage_in_bytes";
  for (const std::string& name : list_directory(directory).value_or(std::vector<std::string>())) {
    if (!name.starts_with("hugetlb.") || !name.ends_with(suffix) || name.find(".rsvd") != std::string::npos) continue;
    const std::string stem = directory + "/" + name.substr(0, name.size() - suffix.size());
    HugetlbUsage usage;
    usage.page_size = name.substr(8, name.size() - 8 - suffix.size());
    usage.usage = number_of(directory + "/" + name);
    usage.max = unified ? number_of(stem + ".max") : number_of(stem + ".max_usage_in_bytes");
    usage.failures = unified ? counter(parse_counters(text_of(stem + ".events")), "max") : number_of(stem + ".failcnt");
    all.push_back(std::move(usage));
  }
  return all;
}

uint64_t pids_limit(const std::string& file) {
  const uint64_t limit = number_of(file);
  return limit == UINT64_MAX ? 0 : limit;
}

// v1 counts memory and swap together, and so do those who read this.
MemoryUsage swap_v2(const std::string& directory, const MemoryUsage& memory) {
  MemoryUsage swap;
  const uint64_t limit = number_of(directory + "/memory.swap.max");
  swap.limit = limit > UINT64_MAX - memory.limit ? UINT64_MAX : limit + memory.limit;
  swap.usage = number_of(directory + "/memory.swap.current") + memory.usage;
  swap.max = number_of(directory + "/memory.swap.peak");
  return swap;
}

}  // namespace

Stats read_stats_v1(const std::function<std::string(std::string_view controller)>& directory_of) {
  Stats stats;
  read_cpu_v1(stats.cpu, directory_of("cpuacct"), directory_of("cpu"));
  const std::string cpuset = directory_of("cpuset"), memory = directory_of("memory"), blkio = directory_of("blkio");
  stats.cpuset_cpus = parse_cpu_list(text_of(cpuset + "/cpuset.cpus"));
  stats.cpuset_memory_nodes = parse_cpu_list(text_of(cpuset + "/cpuset.mems"));
  stats.memory_raw = parse_counters(text_of(memory + "/memory.stat"));
  stats.memory_cache = counter(stats.memory_raw, "cache");
  stats.memory = memory_v1(memory + "/memory.");
  stats.swap = memory_v1(memory + "/memory.memsw.");
  stats.kernel = memory_v1(memory + "/memory.kmem.");
  stats.kernel_tcp = memory_v1(memory + "/memory.kmem.tcp.");
  stats.pids_current = number_of(directory_of("pids") + "/pids.current");
  stats.pids_limit = pids_limit(directory_of("pids") + "/pids.max");
  stats.io_bytes = parse_blkio(text_of(blkio + "/blkio.throttle.io_service_bytes_recursive"));
  stats.io_operations = parse_blkio(text_of(blkio + "/blkio.throttle.io_serviced_recursive"));
  if (const std::string hugetlb = directory_of("hugetlb"); !hugetlb.empty())
    stats.hugetlb = read_hugetlb(hugetlb, false);
  return stats;
}

Stats read_stats_v2(const std::string& directory) {
  Stats stats;
  const Counters cpu = parse_counters(text_of(directory + "/cpu.stat"));
  stats.cpu.total = counter(cpu, "usage_usec") * 1000;
  stats.cpu.user = counter(cpu, "user_usec") * 1000;
  stats.cpu.kernel = counter(cpu, "system_usec") * 1000;
  stats.cpu.periods = counter(cpu, "nr_periods");
  stats.cpu.throttled_periods = counter(cpu, "nr_throttled");
  stats.cpu.throttled_time = counter(cpu, "throttled_usec") * 1000;
  stats.cpuset_cpus = parse_cpu_list(text_of(directory + "/cpuset.cpus.effective"));
  stats.cpuset_memory_nodes = parse_cpu_list(text_of(directory + "/cpuset.mems.effective"));
  stats.memory_raw = parse_counters(text_of(directory + "/memory.stat"));
  stats.memory_cache = counter(stats.memory_raw, "file");
  stats.memory = {number_of(directory + "/memory.max"), number_of(directory + "/memory.current"),
                  number_of(directory + "/memory.peak"),
                  counter(parse_counters(text_of(directory + "/memory.events")), "max")};
  stats.swap = swap_v2(directory, stats.memory);
  stats.pids_current = number_of(directory + "/pids.current");
  stats.pids_limit = pids_limit(directory + "/pids.max");
  std::tie(stats.io_bytes, stats.io_operations) = parse_io_stat(text_of(directory + "/io.stat"));
  stats.hugetlb = read_hugetlb(directory, true);
  return stats;
}

}  // namespace nemoclaw::cgroup
