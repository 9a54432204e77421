// Namespaces (config-linux.md, "Namespaces"): which ones the container gets new, which ones it joins by path,
// and how many clones that takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct JoinedNamespace {
  std::string type;
  int flag = 0;      // CLONE_NEW*
  std::string path;  // as seen by the runtime
};

struct NamespacePlan {
  uint64_t clone_flags = 0;  // new namespaces that clone3 makes; never cgroup or time
  // In the order of joining: user first, because it gives the right to join what it owns; mount last, because
  // the paths of the others would be gone.
  std::vector<JoinedNamespace> joined;
  bool new_cgroup = false;  // unshared late: its root is the cgroup that the process is in at that moment
  bool new_time = false;    // unshared by the child; entered at exec, when the offsets are in force
  bool host_mounts = false;  // no mount namespace is named: the container's mounts are made in the runtime's own
  // True when what is joined must be joined before the final process is cloned: a PID namespace only ever
  // holds the children of who joins it, and a new user namespace would have no right to join what the old one
  // owns.
  bool two_clones = false;

  bool is_new(int flag) const { return (clone_flags & static_cast<uint64_t>(flag)) != 0; }
  bool joins(int flag) const;
};

// CLONE_NEW* for the specification's name; 0 if unknown.
int namespace_flag(std::string_view type);

// Pure. Errors name the entry ("linux.namespaces[2].type: unknown namespace 'foo'").
Result<NamespacePlan> plan_namespaces(const oci::Linux& linux_);

// Opens every joined path, in plan order, in the caller's view of the file system.
Result<std::vector<Fd>> open_joined(const NamespacePlan& plan);
// setns(2) on each, checked against its type.
Result<void> join_namespaces(const NamespacePlan& plan, const std::vector<Fd>& opened);

// "monotonic 100 0\nboottime -5 7\n" for /proc/<pid>/timens_offsets.
std::string time_offsets_text(const oci::Linux& linux_);

}  // namespace nemoclaw::isolation
