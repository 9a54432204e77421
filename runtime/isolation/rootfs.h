// The container's root: made a mount of its own, and later made "/" (config.md, "Root"; pivot_root(2)).
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct RootfsPlan {
  std::string path;                    // absolute, on the host
  uint64_t namespace_propagation = 0;  // MS_* | MS_REC for "/" of the fresh mount namespace
  uint64_t final_propagation = 0;      // for "/" of the container after the pivot; 0: as it is
  bool readonly = false;
  bool no_pivot = false;  // the host's root is a ramfs, which pivot_root refuses
  // Without a mount namespace: the directory onto which the rootfs is bound, with all that is mounted in it, so that one
  // umount2(MNT_DETACH) there takes everything away again. Nothing else of the host's tree is touched, and the process is
  // only chroot'ed.
  std::string attach_at;
};

// Pure. rootfsPropagation is one of shared, slave, private, unbindable and their recursive forms.
Result<RootfsPlan> plan_rootfs(const oci::Spec& spec, const std::string& rootfs, bool no_pivot);

// In the new mount namespace: cuts it off from the host's, and mounts the rootfs onto itself. The descriptor
// is the container's root from then on.
Result<Fd> prepare_rootfs(const RootfsPlan& plan);

// Makes `root` the process's "/" and drops the host's tree.
Result<void> enter_rootfs(const RootfsPlan& plan, FdRef root);

// Propagation, then read-only: last, because everything before may have had to make mount points.
Result<void> seal_rootfs(const RootfsPlan& plan);

}  // namespace nemoclaw::isolation
