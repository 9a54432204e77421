#include "runtime/cli/stats_json.h"

#include "runtime/base/json.h"

namespace nemoclaw::cli {

namespace {

void number(json::Writer& writer, const char* name, uint64_t value) {
  if (value != 0) writer.member(name, value);
}

void numbers(json::Writer& writer, const char* name, const std::vector<uint64_t>& values) {
  if (values.empty()) return;
  writer.key(name).begin_array();
  for (const uint64_t value : values) writer.value(value);
  writer.end_array();
}

void write_cpu(json::Writer& writer, const cgroup::CpuUsage& cpu) {
  writer.key("cpu").begin_object().key("usage").begin_object();
  number(writer, "total", cpu.total);
  numbers(writer, "percpu", cpu.per_cpu);
  numbers(writer, "percpu_kernel", cpu.per_cpu_kernel);
  numbers(writer, "percpu_user", cpu.per_cpu_user);
  writer.member("kernel", cpu.kernel).member("user", cpu.user).end_object();
  writer.key("throttling").begin_object();
  number(writer, "periods", cpu.periods);
  number(writer, "throttledPeriods", cpu.throttled_periods);
  number(writer, "throttledTime", cpu.throttled_time);
  writer.end_object().end_object();
}

void write_usage(json::Writer& writer, const char* name, const cgroup::MemoryUsage& usage) {
  writer.key(name).begin_object().member("limit", usage.limit);
  number(writer, "usage", usage.usage);
  number(writer, "max", usage.max);
  writer.member("failcnt", usage.failures).end_object();
}

void write_memory(json::Writer& writer, const cgroup::Stats& stats) {
  writer.key("memory").begin_object();
  number(writer, "cache", stats.memory_cache);
  write_usage(writer, "usage", stats.memory);
  write_usage(writer, "swap", stats.swap);
  write_usage(writer, "kernel", stats.kernel);
  write_usage(writer, "kernelTCP", stats.kernel_tcp);
  if (!stats.memory_raw.empty()) {
    writer.key("raw").begin_object();
    for (const auto& [name, value] : stats.memory_raw) writer.member(name, value);
    writer.end_object();
  }
  writer.end_object();
}

void write_io(json::Writer& writer, const char* name, const std::vector<cgroup::IoCount>& counts) {
  if (counts.empty()) return;
  writer.key(name).begin_array();
  for (const cgroup::IoCount& each : counts) {
    writer.begin_object();
    number(writer, "major", each.major);
    number(writer, "minor", each.minor);
    writer.member("op", each.operation);
    number(writer, "value", each.value);
    writer.end_object();
  }
  writer.end_array();
}

void write_hugetlb(json::Writer& writer, const std::vector<cgroup::HugetlbUsage>& all) {
  writer.key("hugetlb").begin_object();
  for (const cgroup::HugetlbUsage& each : all) {
    writer.key(each.page_size).begin_object();
    number(writer, "usage", each.usage);
    number(writer, "max", each.max);
    writer.member("failcnt", each.failures).end_object();
  }
  writer.end_object();
}

}  // namespace

std::string encode_stats(const std::string& id, const cgroup::Stats& stats) {
  json::Writer writer;
  writer.begin_object().member("type", "stats").member("id", id).key("data").begin_object();
  write_cpu(writer, stats.cpu);
  writer.key("cpuset").begin_object();
  numbers(writer, "cpus", stats.cpuset_cpus);
  numbers(writer, "mems", stats.cpuset_memory_nodes);
  writer.end_object();
  write_memory(writer, stats);
  writer.key("pids").begin_object();
  number(writer, "current", stats.pids_current);
  number(writer, "limit", stats.pids_limit);
  writer.end_object();
  writer.key("blkio").begin_object();
  write_io(writer, "ioServiceBytesRecursive", stats.io_bytes);
  write_io(writer, "ioServicedRecursive", stats.io_operations);
  writer.end_object();
  write_hugetlb(writer, stats.hugetlb);
  writer.key("intel_rdt").begin_object().end_object();
  writer.key("network_interfaces").null();
  writer.end_object().end_object();
  return writer.take() + "\n";
}

std::string encode_oom(const std::string& id) {
  json::Writer writer;
  writer.begin_object().member("type", "oom").member("id", id).end_object();
  return writer.take() + "\n";
}

}  // namespace nemoclaw::cli
