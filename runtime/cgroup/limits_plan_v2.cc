#include "runtime/cgroup/limits_plan.h"
#include "runtime/cgroup/limits_values.h"

namespace nemoclaw::cgroup {

namespace {

Result<void> plan_memory(Writes& writes, const oci::MemoryResources& memory) {
  TRY(check_memory(memory));
  const std::optional<int64_t> swap = TRY(swap_from_total(memory.swap, memory.limit));
  // "max" and "0" are what a kernel without swap does anyway; any other number would be a promise not kept.
  if (swap) writes.add("", "memory.swap.max", limit_text(*swap), *swap <= 0);
  if (memory.limit.value_or(0) != 0) writes.add("", "memory.max", limit_text(*memory.limit));
  if (memory.reservation.value_or(0) != 0) writes.add("", "memory.low", limit_text(*memory.reservation));
  // swappiness, kernelTCP and disableOOMKiller have no counterpart in v2; runc and crun leave them out too.
  return {};
}

void plan_cpu(Writes& writes, const oci::CpuResources& cpu) {
  // An idle group's weight is fixed, and writing one would end idleness: idle comes last and wins.
  if (cpu.shares.value_or(0) != 0) writes.add("", "cpu.weight", std::to_string(cpu_weight_from_shares(*cpu.shares)));
  if (cpu.idle) writes.add("", "cpu.idle", std::to_string(*cpu.idle));
  if (cpu.quota.value_or(0) != 0 || cpu.period.value_or(0) != 0) {
    const uint64_t period = cpu.period.value_or(0) != 0 ? *cpu.period : 100'000;
    const int64_t quota = cpu.quota.value_or(0);
    writes.add("", "cpu.max", (quota > 0 ? std::to_string(quota) : "max") + " " + std::to_string(period));
  }
  if (cpu.burst) writes.add("", "cpu.max.burst", std::to_string(*cpu.burst));
  if (!cpu.cpus.empty()) writes.add("", "cpuset.cpus", cpu.cpus);
  if (!cpu.mems.empty()) writes.add("", "cpuset.mems", cpu.mems);
}

void plan_throttle(Writes& writes, const char* key, const std::vector<oci::ThrottleDevice>& devices) {
  for (const oci::ThrottleDevice& each : devices) {
    // 0 means "no limit" in v1.
    const std::string rate = each.rate == 0 ? "max" : std::to_string(each.rate);
    writes.add("", "io.max", device_text(each.major, each.minor) + " " + key + "=" + rate);
  }
}

// BFQ keeps the v1 scale; io.weight (iocost) has its own.
void add_weight(Writes& writes, const std::string& prefix, uint16_t weight) {
  FileWrite& write = writes.add("", "io.bfq.weight", prefix + std::to_string(weight));
  write.other_file = "io.weight";
  write.other_value = (prefix.empty() ? "default " : prefix) + std::to_string(io_weight_from_blkio(weight));
}

void plan_block_io(Writes& writes, const oci::BlockIoResources& io) {
  if (io.weight.value_or(0) != 0) add_weight(writes, "", *io.weight);
  for (const oci::WeightDevice& each : io.weight_device) {
    if (each.weight) add_weight(writes, device_text(each.major, each.minor) + " ", *each.weight);
  }
  plan_throttle(writes, "rbps", io.throttle_read_bps);
  plan_throttle(writes, "wbps", io.throttle_write_bps);
  plan_throttle(writes, "riops", io.throttle_read_iops);
  plan_throttle(writes, "wiops", io.throttle_write_iops);
}

Result<void> plan_unified(Writes& writes, const oci::StringMap& unified) {
  for (const auto& [file, value] : unified) {
    if (file.empty() || file.find('/') != std::string::npos || file.find('.') == std::string::npos ||
        file.starts_with('.'))
      return make_error("linux.resources.unified: " + quoted(file) + " is not the name of a cgroup file");
    // These move processes or change the tree: not limits, and not the container's to choose.
    if (file.starts_with("cgroup.") && file != "cgroup.max.depth" && file != "cgroup.max.descendants")
      return make_error("linux.resources.unified: " + quoted(file) + " is the runtime's; only limits may be set");
    // Nested keyed files (io.max) take one key per write(2).
    std::string_view rest = value;
    do {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      writes.add("", file, std::string(line));
    } while (!rest.empty());
  }
  return {};
}

}  // namespace

Result<LimitsPlan> plan_limits_v2(const oci::Resources& resources) {
  LimitsPlan plan;
  Writes writes(plan);
  if (resources.memory) TRY(plan_memory(writes, *resources.memory));
  if (resources.cpu) plan_cpu(writes, *resources.cpu);
  if (resources.pids_limit) writes.add("", "pids.max", pids_text(*resources.pids_limit));
  if (resources.block_io) plan_block_io(writes, *resources.block_io);
  for (const oci::HugepageLimit& each : resources.hugepage_limits) {
    writes.add("", "hugetlb." + each.page_size + ".max", std::to_string(each.limit));
    writes.add("", "hugetlb." + each.page_size + ".rsvd.max", std::to_string(each.limit), true);
  }
  plan_rdma(writes, "", resources);
  if (resources.network && (resources.network->class_id.value_or(0) != 0 || !resources.network->priorities.empty()))
    return make_error("linux.resources.network: classID and priorities need cgroup v1; this host runs cgroup v2");
  TRY(plan_unified(writes, resources.unified));
  return plan;
}

}  // namespace nemoclaw::cgroup
