#include "runtime/cgroup/driver_none.h"

namespace nemoclaw::cgroup {

Error DriverNone::missing(const std::string& what) {
  return make_error("the container has no cgroup, because the user who made it may not make one: cannot " + what +
                    "; use --systemd-cgroup, or have a cgroup delegated");
}

Result<void> DriverNone::apply_limits(const oci::Resources& resources, bool) {
  if (needs_cgroup(resources)) return missing("limit it");
  return {};
}

bool needs_cgroup(const oci::Resources& resources) {
  // Device rules are no limit here: who cannot make cgroups cannot make device nodes either. Empty sections and 0 are what
  // managers write for options that were not given.
  oci::Resources rest = resources;
  rest.devices.clear();
  if (rest.memory == oci::MemoryResources{}) rest.memory.reset();
  if (rest.cpu == oci::CpuResources{}) rest.cpu.reset();
  if (rest.block_io == oci::BlockIoResources{}) rest.block_io.reset();
  if (rest.network == oci::NetworkResources{}) rest.network.reset();
  if (rest.pids_limit && *rest.pids_limit <= 0) rest.pids_limit.reset();
  return !(rest == oci::Resources{});
}

}  // namespace nemoclaw::cgroup
