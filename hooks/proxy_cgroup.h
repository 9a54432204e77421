// The proxy's own cgroup: its memory and processes are bounded, and they are not the container's.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct CgroupStep {
  std::string directory;                                    // absolute
  std::vector<std::pair<std::string, std::string>> writes;  // file -> value
};

// Pure: which cgroups to make for sandbox `id`, on a host with the unified hierarchy or with the old ones
// below /sys/fs/cgroup.
std::vector<CgroupStep> plan_proxy_cgroup(const std::string& id, bool unified);

struct ProxyCgroup {
  std::vector<std::string> directories;  // made, the proxy has to join each
  std::string warning;                   // empty if everything was made and bounded
};
// What cannot be made is a warning: an unbounded proxy is better than none, and the fence does not depend on
// it.
ProxyCgroup make_proxy_cgroup(const std::string& id);

// For the proxy's process itself, between fork and exec: no allocation. `procs_files` are the directories'
// cgroup.procs.
bool join_cgroups(const std::vector<std::string>& procs_files);

// Removes the directories; those that are gone are fine.
void remove_proxy_cgroup(const std::vector<std::string>& directories);

// Pure: the first of `container_cgroups` that the process with this /proc/<pid>/cgroup is in, or "".
std::string container_cgroup_among(std::string_view own, const std::vector<std::string>& container_cgroups);

// An error when the calling process sits in one of the container's cgroups.
Result<void> refuse_container_cgroup(const std::vector<std::string>& container_cgroups);

}  // namespace nemoclaw::hooks
