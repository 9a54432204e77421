// Which cgroup a container gets, and which one an exec'ed process joins.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// Pure: systemd's "slice:prefix:name" -> the directory that systemd would use,
// "/a.slice/a-b.slice/prefix-name.scope"; anything else comes back as it is.
std::string expand_slice_path(const std::string& cgroups_path);

// The driver for a new container, nothing created yet.
Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const std::string& id,
                                                     bool systemd);

// Puts a process that exec made where the container's are: `sub_cgroup` is exec's --cgroup
// ("[controllers:]path" below the container's cgroup), empty for the container's own.
class ExecCgroup {
 public:
  static Result<ExecCgroup> open(const oci::StateRecord& record, const std::string& sub_cgroup);
  // v2: for CLONE_INTO_CGROUP; else invalid.
  FdRef clone_target() const { return target_; }
  // v1: what the process writes to move itself (cgroup::join_self); else empty.
  std::vector<FdRef> joins() const { return {joins_.begin(), joins_.end()}; }

 private:
  Fd target_;
  std::vector<Fd> joins_;
};

}  // namespace nemoclaw::container
