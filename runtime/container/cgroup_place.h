// Which cgroup a container gets.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// The driver for a new container, nothing created yet.
Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const oci::StateRecord& record);
// The driver of a container that exists.
Result<std::unique_ptr<cgroup::Driver>> cgroup_of(const oci::StateRecord& record);

}  // namespace nemoclaw::container
