// Which cgroup an exec'ed process joins: the container's own, or one below it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// exec's --cgroup, "[controller[,controller]:]path". The path is below the container's cgroup in the hierarchies of the
// controllers, or in all of them.
struct SubCgroup {
  std::vector<std::string> controllers;
  std::string path;  // clean, with a leading slash; "/" is the container's cgroup itself
  bool operator==(const SubCgroup&) const = default;
};
// Pure. An error if the path would lead out of the container's cgroup.
Result<SubCgroup> parse_sub_cgroup(const std::string& text);

// Pure. Whether processes may be in a v2 cgroup with these enabled controllers (cgroup.subtree_control): not beside a
// domain controller ("no internal processes", cgroups(7)).
bool may_hold_processes(std::string_view subtree_control);

class ExecCgroup {
 public:
  // Without `sub_cgroups`, and on v2 where the container's cgroup takes no process any more (or is gone), the cgroup into
  // which the container's init has moved.
  static Result<ExecCgroup> open(const oci::StateRecord& record, const std::vector<std::string>& sub_cgroups);
  // v2: for CLONE_INTO_CGROUP; else invalid.
  FdRef clone_target() const { return target_; }
  // Where the caller may not put a process into the cgroup itself, systemd is asked to.
  Result<void> adopt(pid_t pid) const;
  // v1: what the process writes to move itself (cgroup::join_self); else empty.
  std::vector<FdRef> joins() const { return {joins_.begin(), joins_.end()}; }

 private:
  Result<void> open_v1(const oci::StateRecord& record, const std::vector<SubCgroup>& wanted);
  Result<void> open_v2(const oci::StateRecord& record, const std::vector<SubCgroup>& wanted);

  Fd target_;
  std::vector<Fd> joins_;
  std::unique_ptr<cgroup::Driver> by_driver_;
};

}  // namespace nemoclaw::container
