// Intel RDT and its like (config-linux.md, "IntelRdt"; the kernel's resctrl.rst): classes of service are directories of
// the resctrl file system, with a file of schemata and a file of tasks.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

struct ResctrlPlan {
  std::string group;                  // below the mount point; empty: the root group
  std::vector<std::string> schemata;  // lines to write, in order
  bool own_group = false;             // named after the container, and removed with it
  bool must_exist = false;            // a class of service that the administrator made
  std::string monitor;                // below `group`; empty: none
  bool operator==(const ResctrlPlan&) const = default;
};

// Pure.
Result<ResctrlPlan> plan_resctrl(const oci::IntelRdt& rdt, const std::string& id);

// Where mountinfo shows the file system; empty if it is not mounted. Pure.
std::string resctrl_mount_point(std::string_view mountinfo);
Result<std::string> find_resctrl();  // an error names the remedy

// Makes the group and writes its schemata, or compares them with those of a class that is there already.
Result<void> make_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan);
Result<void> join_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan, pid_t pid);
// What the container alone used. Absent directories are fine.
void remove_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan);

}  // namespace nemoclaw::cgroup
