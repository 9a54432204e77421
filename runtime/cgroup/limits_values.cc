#include "runtime/cgroup/limits_values.h"

#include <cmath>

namespace nemoclaw::cgroup {

uint64_t cpu_weight_from_shares(uint64_t shares) {
  if (shares == 0) return 0;
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  // A quadratic in log2(shares) through (2, 1), (1024, 100) and (262144, 10000); the older linear formula gave the
  // default of 1024 a weight of 39, so that containers lost against everything else on the node.
  const double l = std::log2(static_cast<double>(shares));
  return static_cast<uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)));
}

uint64_t io_weight_from_blkio(uint16_t weight) {
  if (weight == 0) return 0;
  const uint64_t bounded = std::min<uint64_t>(std::max<uint64_t>(weight, 10), 1000);
  return 1 + (bounded - 10) * 9999 / 990;
}

Result<std::optional<int64_t>> swap_from_total(std::optional<int64_t> total, std::optional<int64_t> limit) {
  const int64_t memory = limit.value_or(0);
  // v1 lifts the swap limit with the memory limit; keep that.
  if (total.value_or(0) == 0) return memory < 0 ? std::optional<int64_t>(-1) : std::nullopt;
  if (*total < 0) return std::optional<int64_t>(-1);
  if (memory <= 0)
    return make_error("linux.resources.memory.swap: unable to set swap limit without memory limit; set memory.limit");
  if (*total < memory)
    return make_error("linux.resources.memory.swap: is memory plus swap and must not be below memory.limit");
  return std::optional<int64_t>(*total - memory);
}

std::string limit_text(int64_t limit) { return limit < 0 ? "max" : std::to_string(limit); }

Result<void> check_memory(const oci::MemoryResources& memory) {
  if (memory.swappiness.value_or(0) > 100)
    return make_error(format("linux.resources.memory.swappiness: %llu is not between 0 and 100",
                             static_cast<unsigned long long>(*memory.swappiness)));
  const int64_t limit = memory.limit.value_or(0), total = memory.swap.value_or(0);
  if (limit > 0 && total > 0 && total < limit)
    return make_error("linux.resources.memory.swap: is memory plus swap and must not be below memory.limit");
  if (limit < 0 && total > 0)
    return make_error("linux.resources.memory.swap: cannot be limited while memory.limit is unlimited");
  return {};
}

std::string device_text(int64_t major, int64_t minor) { return std::to_string(major) + ":" + std::to_string(minor); }

}  // namespace nemoclaw::cgroup
