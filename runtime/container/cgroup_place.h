// Which cgroup a container gets.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::container {

// Pure: systemd's "slice:prefix:name" -> the directory that systemd would use,
// "/a.slice/a-b.slice/prefix-name.scope"; anything else comes back as it is.
std::string expand_slice_path(const std::string& cgroups_path);

// The driver for a new container, nothing created yet.
Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const std::string& id,
                                                     bool systemd);

}  // namespace nemoclaw::container
