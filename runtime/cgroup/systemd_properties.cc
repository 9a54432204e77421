#include <array>
#include <charconv>

#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/limits_values.h"
#include "runtime/cgroup/systemd_unit.h"

namespace nemoclaw::cgroup {

namespace {

using dbus::make_number;
using dbus::make_text;

constexpr uint64_t kInfinity = UINT64_MAX;

class Properties {
 public:
  explicit Properties(unsigned systemd_version) : version_(systemd_version) {}

  void add(const char* name, dbus::Value value, unsigned since = 0) {
    if (version_ >= since) list_.emplace_back(name, std::move(value));
  }
  void number(const char* name, uint64_t value, unsigned since = 0) { add(name, make_number('t', value), since); }
  // A limit: below 0 is none.
  void limit(const char* name, int64_t value, unsigned since = 0) {
    number(name, value < 0 ? kInfinity : static_cast<uint64_t>(value), since);
  }
  UnitProperties take() { return std::move(list_); }

 private:
  unsigned version_;
  UnitProperties list_;
};

void plan_quota(Properties& properties, int64_t quota, uint64_t period) {
  if (quota == 0 && period == 0) return;
  if (period != 0) properties.number("CPUQuotaPeriodUSec", period, 242);
  properties.number("CPUQuotaPerSecUSec", quota_per_second(quota, period));
}

Result<void> plan_cpuset(Properties& properties, const oci::CpuResources& cpu) {
  if (!cpu.cpus.empty()) properties.add("AllowedCPUs", dbus::make_bytes(TRY(cpu_mask(cpu.cpus))), 244);
  if (!cpu.mems.empty()) properties.add("AllowedMemoryNodes", dbus::make_bytes(TRY(cpu_mask(cpu.mems))), 244);
  return {};
}

Result<void> plan_v2(Properties& properties, const oci::Resources& resources) {
  if (const auto& memory = resources.memory) {
    if (memory->limit.value_or(0) != 0) properties.limit("MemoryMax", *memory->limit);
    if (memory->reservation.value_or(0) != 0) properties.limit("MemoryLow", *memory->reservation);
    const std::optional<int64_t> swap = TRY(swap_from_total(memory->swap, memory->limit));
    if (swap) properties.limit("MemorySwapMax", *swap);
  }
  if (const auto& cpu = resources.cpu) {
    // A weight of 0 is systemd's word for idle.
    if (cpu->idle.value_or(0) == 1)
      properties.number("CPUWeight", 0, 252);
    else if (cpu->shares.value_or(0) != 0)
      properties.number("CPUWeight", cpu_weight_from_shares(*cpu->shares));
    plan_quota(properties, cpu->quota.value_or(0), cpu->period.value_or(0));
    TRY(plan_cpuset(properties, *cpu));
  }
  if (const auto& io = resources.block_io; io && io->weight.value_or(0) != 0)
    properties.number("IOWeight", io_weight_from_blkio(*io->weight));
  return {};
}

void plan_v1(Properties& properties, const oci::Resources& resources) {
  if (resources.memory && resources.memory->limit.value_or(0) != 0)
    properties.limit("MemoryLimit", *resources.memory->limit);
  if (const auto& cpu = resources.cpu) {
    if (cpu->shares.value_or(0) != 0) properties.number("CPUShares", *cpu->shares);
    plan_quota(properties, cpu->quota.value_or(0), cpu->period.value_or(0));
  }
  if (const auto& io = resources.block_io; io && io->weight.value_or(0) != 0)
    properties.number("BlockIOWeight", *io->weight);
}

// resources.unified, as far as systemd has words for the files.
Result<void> plan_unified(Properties& properties, const oci::StringMap& unified) {
  constexpr std::array<std::pair<std::string_view, const char*>, 6> limits = {{
      {"memory.high", "MemoryHigh"}, {"memory.low", "MemoryLow"},          {"memory.max", "MemoryMax"},
      {"memory.min", "MemoryMin"},   {"memory.swap.max", "MemorySwapMax"}, {"pids.max", "TasksMax"},
  }};
  const auto number_of = [](std::string_view text) {
    uint64_t number = kInfinity;
    if (!text.starts_with("max")) std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  for (const auto& [file, value] : unified) {
    for (const auto& [known, property] : limits)
      if (file == known) properties.number(property, number_of(value));
    if (file == "cpu.weight") properties.number("CPUWeight", number_of(value));
    if (file == "cpuset.cpus") properties.add("AllowedCPUs", dbus::make_bytes(TRY(cpu_mask(value))), 244);
    if (file == "cpuset.mems") properties.add("AllowedMemoryNodes", dbus::make_bytes(TRY(cpu_mask(value))), 244);
    if (file != "cpu.max") continue;
    const size_t space = value.find(' ');
    const uint64_t quota = number_of(std::string_view(value).substr(0, space));
    const uint64_t period = space == std::string::npos ? 0 : number_of(std::string_view(value).substr(space + 1));
    plan_quota(properties, quota == kInfinity ? -1 : static_cast<int64_t>(quota), period);
  }
  return {};
}

// The name of a driver in /proc/devices ("Character devices:\n  1 mem\n..."), "" if no driver has the number.
std::string driver_name(std::string_view devices, char type, int64_t major) {
  const size_t start = devices.find(type == 'c' ? "Character devices:" : "Block devices:");
  if (start == std::string_view::npos) return "";
  devices.remove_prefix(devices.find('\n', start) + 1);
  while (!devices.empty()) {
    std::string_view line = devices.substr(0, devices.find('\n'));
    devices.remove_prefix(std::min(devices.size(), line.size() + 1));
    if (line.empty()) return "";
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    int64_t number = -1;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || number != major || end == line.data() + line.size()) continue;
    return std::string(line.substr(static_cast<size_t>(end - line.data()) + 1));
  }
  return "";
}

// "/dev/char/1:3", "char-pts", "char-*"; "" for what systemd cannot say.
std::string node_of(const DeviceException& each, std::string_view devices) {
  const std::string kind = each.type == 'c' ? "char" : "block";
  if (each.major == any_number) return each.minor == any_number ? kind + "-*" : "";
  if (each.minor != any_number)
    return "/dev/" + kind + format("/%lld:%lld", static_cast<long long>(each.major), static_cast<long long>(each.minor));
  const std::string driver = driver_name(devices, each.type, each.major);
  return driver.empty() ? "" : kind + "-" + driver;
}

// v1's files are shared with systemd, which writes "allow all" to them on its next occasion unless told otherwise. v2's
// program is ours alone, and systemd leaves it where it is.
Result<void> plan_device_policy(Properties& properties, const oci::Resources& resources, std::string_view devices) {
  const DeviceTable table = TRY(plan_devices(resources.devices));
  dbus::Value allowed = dbus::make_array("(ss)");
  for (const DeviceException& each : table.exceptions) {
    const std::string node = node_of(each, devices);
    if (node.empty() || table.allow_by_default) continue;
    std::string access;
    if (each.access & access_read) access += 'r';
    if (each.access & access_write) access += 'w';
    if (each.access & access_mknod) access += 'm';
    allowed.items.push_back(dbus::make_struct({make_text(node), make_text(access)}));
  }
  // The list before the policy: in the other order systemd believes that the unit's file has changed.
  properties.add("DeviceAllow", std::move(allowed));
  properties.add("DevicePolicy", make_text(table.allow_by_default ? "auto" : "strict"));
  return {};
}

}  // namespace

Result<UnitProperties> resource_properties(Version version, const oci::Resources& resources, unsigned systemd_version,
                                           std::string_view devices_file) {
  Properties properties(systemd_version);
  if (version == Version::V2)
    TRY(plan_v2(properties, resources));
  else
    plan_v1(properties, resources);
  if (resources.pids_limit)
    properties.number("TasksMax", *resources.pids_limit < 0    ? kInfinity
                                  : *resources.pids_limit == 0 ? 1
                                                               : static_cast<uint64_t>(*resources.pids_limit));
  if (version == Version::V2) TRY(plan_unified(properties, resources.unified));
  if (version == Version::V1) TRY(plan_device_policy(properties, resources, devices_file));
  return properties.take();
}

}  // namespace nemoclaw::cgroup
