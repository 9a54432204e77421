// The halves of plan_limits, and the list that they fill.
#pragma once

#include <string>
#include <utility>

#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

class Writes {
 public:
  explicit Writes(LimitsPlan& plan) : plan_(plan) {}

  FileWrite& add(std::string controller, std::string file, std::string value, bool optional = false) {
    FileWrite write;
    write.file = std::move(file);
    write.value = std::move(value);
    write.optional = optional;
    return plan_.writes.emplace_back(std::move(controller), std::move(write)).second;
  }

 private:
  LimitsPlan& plan_;
};

Result<LimitsPlan> plan_limits_v1(const oci::Resources& resources, bool update);
Result<LimitsPlan> plan_limits_v2(const oci::Resources& resources);

// "dev hca_handle=N hca_object=N": rdma.max has one form in both versions.
void plan_rdma(Writes& writes, const char* controller, const oci::Resources& resources);
// pids.max: runc and the managers above it take 0 for "one", below 0 for "unlimited".
std::string pids_text(int64_t limit);

}  // namespace nemoclaw::cgroup
