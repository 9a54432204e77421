#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/limits_plan.h"
#include "runtime/cgroup/limits_values.h"

namespace nemoclaw::cgroup {

namespace {

// 0 means "not set" throughout: managers write it for options that their user did not give.
Result<void> plan_memory(Writes& writes, const oci::MemoryResources& memory) {
  TRY(check_memory(memory));
  const int64_t limit = memory.limit.value_or(0);
  // Unlimited memory within a limited sum would not be unlimited.
  const int64_t total = memory.swap.value_or(0) != 0 ? *memory.swap : (limit < 0 ? -1 : 0);
  if (limit != 0) writes.add("memory", "memory.limit_in_bytes", std::to_string(std::max<int64_t>(limit, -1)));
  // A kernel without swap accounting has no such file, and then "unlimited" is what it does anyway.
  if (total != 0)
    writes.add("memory", "memory.memsw.limit_in_bytes", std::to_string(std::max<int64_t>(total, -1)), total < 0);
  if (memory.reservation.value_or(0) != 0)
    writes.add("memory", "memory.soft_limit_in_bytes", std::to_string(*memory.reservation));
  // `kernel` is not planned: the kernel has ignored it since 5.11, and runc and crun ignore it as well.
  if (memory.kernel_tcp.value_or(0) != 0)
    writes.add("memory", "memory.kmem.tcp.limit_in_bytes", std::to_string(*memory.kernel_tcp));
  if (memory.swappiness) writes.add("memory", "memory.swappiness", std::to_string(*memory.swappiness));
  if (memory.disable_oom_killer.value_or(false)) writes.add("memory", "memory.oom_control", "1");
  return {};
}

void plan_cpu(Writes& writes, const oci::CpuResources& cpu) {
  if (cpu.shares.value_or(0) != 0) writes.add("cpu", "cpu.shares", std::to_string(*cpu.shares));
  if (cpu.idle) writes.add("cpu", "cpu.idle", std::to_string(*cpu.idle));
  if (cpu.period.value_or(0) != 0) writes.add("cpu", "cpu.cfs_period_us", std::to_string(*cpu.period));
  if (cpu.quota.value_or(0) != 0) writes.add("cpu", "cpu.cfs_quota_us", std::to_string(*cpu.quota));
  if (cpu.burst) writes.add("cpu", "cpu.cfs_burst_us", std::to_string(*cpu.burst));
  if (cpu.realtime_period.value_or(0) != 0)
    writes.add("cpu", "cpu.rt_period_us", std::to_string(*cpu.realtime_period));
  if (cpu.realtime_runtime.value_or(0) != 0)
    writes.add("cpu", "cpu.rt_runtime_us", std::to_string(*cpu.realtime_runtime));
  if (!cpu.cpus.empty()) writes.add("cpuset", "cpuset.cpus", cpu.cpus);
  if (!cpu.mems.empty()) writes.add("cpuset", "cpuset.mems", cpu.mems);
}

void plan_throttle(Writes& writes, const char* file, const std::vector<oci::ThrottleDevice>& devices) {
  for (const oci::ThrottleDevice& each : devices)
    writes.add("blkio", file, device_text(each.major, each.minor) + " " + std::to_string(each.rate));
}

// The weight files belong to CFQ on old kernels and to BFQ, with its name in them, on newer ones.
void add_weight(Writes& writes, const char* file, const char* bfq_file, std::string value) {
  FileWrite& write = writes.add("blkio", file, value);
  write.other_file = bfq_file;
  write.other_value = std::move(value);
}

void plan_block_io(Writes& writes, const oci::BlockIoResources& io) {
  if (io.weight.value_or(0) != 0) add_weight(writes, "blkio.weight", "blkio.bfq.weight", std::to_string(*io.weight));
  if (io.leaf_weight.value_or(0) != 0) writes.add("blkio", "blkio.leaf_weight", std::to_string(*io.leaf_weight));
  for (const oci::WeightDevice& each : io.weight_device) {
    const std::string device = device_text(each.major, each.minor) + " ";
    if (each.weight)
      add_weight(writes, "blkio.weight_device", "blkio.bfq.weight_device", device + std::to_string(*each.weight));
    if (each.leaf_weight) writes.add("blkio", "blkio.leaf_weight_device", device + std::to_string(*each.leaf_weight));
  }
  plan_throttle(writes, "blkio.throttle.read_bps_device", io.throttle_read_bps);
  plan_throttle(writes, "blkio.throttle.write_bps_device", io.throttle_write_bps);
  plan_throttle(writes, "blkio.throttle.read_iops_device", io.throttle_read_iops);
  plan_throttle(writes, "blkio.throttle.write_iops_device", io.throttle_write_iops);
}

void plan_rest(Writes& writes, const oci::Resources& resources) {
  if (resources.pids_limit) writes.add("pids", "pids.max", pids_text(*resources.pids_limit));
  for (const oci::HugepageLimit& each : resources.hugepage_limits) {
    const std::string prefix = "hugetlb." + each.page_size;
    writes.add("hugetlb", prefix + ".limit_in_bytes", std::to_string(each.limit));
    // Reservations are counted apart since 5.7; without this limit mmap could still take the whole pool.
    writes.add("hugetlb", prefix + ".rsvd.limit_in_bytes", std::to_string(each.limit), true);
  }
  plan_rdma(writes, "rdma", resources);
  if (!resources.network) return;
  if (resources.network->class_id.value_or(0) != 0)
    writes.add("net_cls", "net_cls.classid", std::to_string(*resources.network->class_id));
  for (const oci::InterfacePriority& each : resources.network->priorities)
    writes.add("net_prio", "net_prio.ifpriomap", each.name + " " + std::to_string(each.priority));
}

}  // namespace

Result<LimitsPlan> plan_limits_v1(const oci::Resources& resources, bool update) {
  if (!resources.unified.empty())
    return make_error("linux.resources.unified: invalid configuration: needs cgroup v2, and this host runs cgroup v1; use the other fields");
  LimitsPlan plan;
  Writes writes(plan);
  // An update without device rules leaves the devices alone; a create without them still denies all but the defaults.
  if (!update || !resources.devices.empty()) {
    const DeviceTable table = TRY(plan_devices(resources.devices));
    for (FileWrite& each : plan_device_writes(nullptr, table)) plan.writes.emplace_back("devices", std::move(each));
  }
  if (resources.memory) TRY(plan_memory(writes, *resources.memory));
  if (resources.cpu) plan_cpu(writes, *resources.cpu);
  if (resources.block_io) plan_block_io(writes, *resources.block_io);
  plan_rest(writes, resources);
  return plan;
}

}  // namespace nemoclaw::cgroup
