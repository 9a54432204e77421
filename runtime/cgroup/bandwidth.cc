#include "runtime/cgroup/bandwidth.h"

#include <charconv>

#include "runtime/base/file.h"

namespace nemoclaw::cgroup {

namespace {

std::string present_in(const std::vector<std::string>& directories) {
  for (const std::string& each : directories) {
    if (const Result<std::string> unified = read_file(each + "/cpu.max", 256)) return *unified;
    const Result<std::string> quota = read_file(each + "/cpu.cfs_quota_us", 64);
    const Result<std::string> period = read_file(each + "/cpu.cfs_period_us", 64);
    if (quota && period) return quota->substr(0, quota->find('\n')) + " " + *period;
  }
  return "";
}

}  // namespace

void complete_bandwidth(oci::CpuResources& cpu, std::string_view present) {
  const bool has_quota = cpu.quota.value_or(0) != 0, has_period = cpu.period.value_or(0) != 0;
  const size_t space = present.find(' ');
  if (has_quota == has_period || space == std::string_view::npos) return;
  const std::string_view quota = present.substr(0, space), period = present.substr(space + 1);
  if (int64_t number = 0;
      !has_quota && std::from_chars(quota.data(), quota.data() + quota.size(), number).ec == std::errc() &&
      number > 0)
    cpu.quota = number;
  if (uint64_t number = 0;
      !has_period &&
      std::from_chars(period.data(), period.data() + period.size(), number).ec == std::errc() && number > 0)
    cpu.period = number;
}

oci::Resources with_present_bandwidth(const oci::Resources& resources,
                                      const std::vector<std::string>& directories) {
  oci::Resources complete = resources;
  if (complete.cpu && (complete.cpu->quota || complete.cpu->period))
    complete_bandwidth(*complete.cpu, present_in(directories));
  return complete;
}

}  // namespace nemoclaw::cgroup
