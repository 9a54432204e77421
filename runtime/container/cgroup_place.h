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
// Pure. Whether this failure to make the cgroup is one that an ordinary user's container can live with: as with runc, if
// nothing asks for a certain cgroup.
bool may_do_without_cgroup(const oci::StateRecord& record, const oci::Spec& spec, const Error& failure);
// The driver of a container that exists.
Result<std::unique_ptr<cgroup::Driver>> cgroup_of(const oci::StateRecord& record);

}  // namespace nemoclaw::container
