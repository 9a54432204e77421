// Everything that a launch will do, as plain values, made in the parent before anything is cloned: a spec
// that cannot work fails here, and the child allocates and decides as little as possible.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/init/launch.h"
#include "runtime/isolation/capability_plan.h"
#include "runtime/isolation/device_plan.h"
#include "runtime/isolation/id_map_plan.h"
#include "runtime/isolation/landlock_plan.h"
#include "runtime/isolation/limits_plan.h"
#include "runtime/isolation/mount_plan.h"
#include "runtime/isolation/namespace_plan.h"
#include "runtime/isolation/net_device.h"
#include "runtime/isolation/rootfs.h"
#include "runtime/isolation/seccomp_plan.h"
#include "runtime/isolation/sysctl_plan.h"

namespace nemoclaw::init {

// The process itself: the same for a container's first process and for one that exec adds.
struct ProcessPlan {
  const oci::Process* process = nullptr;
  isolation::CapabilityPlan capabilities;
  isolation::LimitsPlan limits;
  isolation::LandlockPlan landlock;
  std::vector<isolation::SeccompPlan> filters;   // in loading order
  std::string listener_path, listener_metadata;  // of the filter that notifies, if any
};

struct ContainerPlan {
  isolation::NamespacePlan namespaces;
  isolation::IdMapPlan id_maps;
  isolation::RootfsPlan rootfs;
  isolation::MountPlan mounts;
  isolation::DevicePlan devices;
  std::vector<isolation::SysctlWrite> sysctls;
  std::vector<isolation::NetDeviceStep> net_devices;
  ProcessPlan process;
  bool has_cgroup_mount = false;
};

// Pure, given what the host offers.
struct HostFacts {
  uint64_t capabilities = 0;  // isolation::available_capabilities()
  int landlock_abi = 0;
};
Result<ProcessPlan> plan_process(const oci::EffectiveSpec& effective, const oci::Process& process,
                                 const HostFacts& host);
Result<ContainerPlan> plan_container(const LaunchRequest& request, const HostFacts& host);

HostFacts detect_host();

// The filters of a process in the order in which they must be loaded: each one may only forbid seccomp(2)
// itself if it is the last. Pure; two that forbid it are an error. `first` is the spec's own, or nullptr.
Result<std::vector<const oci::Seccomp*>> filter_order(const oci::Seccomp* first,
                                                      const std::vector<oci::Seccomp>& more);
// True if the profile lets the call through whatever its arguments are.
bool allows_call(const oci::Seccomp& profile, std::string_view call);

}  // namespace nemoclaw::init
