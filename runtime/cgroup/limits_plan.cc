#include "runtime/cgroup/limits_plan.h"

namespace nemoclaw::cgroup {

Result<LimitsPlan> plan_limits(Version version, const oci::Resources& resources, bool update) {
  return version == Version::V1 ? plan_limits_v1(resources, update) : plan_limits_v2(resources);
}

void plan_rdma(Writes& writes, const char* controller, const oci::Resources& resources) {
  for (const auto& [device, limit] : resources.rdma) {
    std::string value = device;
    if (limit.hca_handles) value += " hca_handle=" + std::to_string(*limit.hca_handles);
    if (limit.hca_objects) value += " hca_object=" + std::to_string(*limit.hca_objects);
    if (value.size() > device.size()) writes.add(controller, "rdma.max", std::move(value));
  }
}

std::string pids_text(int64_t limit) {
  if (limit < 0) return "max";
  return std::to_string(limit == 0 ? 1 : limit);
}

}  // namespace nemoclaw::cgroup
