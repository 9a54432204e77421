// Devices (config-linux.md, "Default Devices" and "Devices"): the nodes and links below /dev.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/isolation/id_map_plan.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct DeviceNode {
  std::string path;  // absolute and clean
  mode_t mode = 0;   // type and permissions
  unsigned major = 0, minor = 0;
  uint32_t uid = 0, gid = 0;
};

struct DevicePlan {
  // False when /dev is a bind mount: it is somebody else's directory, and nothing is made there.
  bool wanted = false;
  bool bind = false;  // a user namespace cannot mknod(2): the host's nodes are bind-mounted
  std::vector<DeviceNode> nodes;
  std::vector<std::pair<std::string, std::string>> links;  // link -> target
};

// Pure. Default devices first; an entry of the spec for the same path replaces the default.
Result<DevicePlan> plan_devices(const oci::Spec& spec);

// For the parent of a container in a user namespace: detached mounts of the nodes that the host does not have at the same
// path, by node; an invalid descriptor where it has. They are made in `directory`, and must stay
// there until apply_devices has attached them.
Result<std::vector<Fd>> make_nodes_to_bind(const DevicePlan& plan, const std::string& directory, const IdMapPlan& ids);

// Nodes and links below `root`, after the mounts and before pivot_root: the host's /dev is still there to
// bind from. `made` is from make_nodes_to_bind, or empty.
Result<void> apply_devices(const DevicePlan& plan, FdRef root, const std::vector<Fd>& made);

}  // namespace nemoclaw::isolation
