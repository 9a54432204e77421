// The descriptor-based mount system calls, typed, with the kernel's names: fsopen(2) and its family. A mount
// is built detached, gets its attributes while nobody can see it, and is then moved onto a descriptor of its
// target, so no path is walked twice. Errors are "<call>: <strerror>"; the kernel's own message from the
// context is added where it has one.
#pragma once

#include <sys/mount.h>

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/base/uapi.h"

namespace nemoclaw::sys {

// A detached clone of the mount (or file) that `path`, relative to `directory`, names. An empty path means
// the descriptor itself. `flags` of AT_RECURSIVE, AT_SYMLINK_NOFOLLOW.
Result<Fd> open_tree_clone(FdRef directory, const std::string& path, unsigned flags);

Result<Fd> fsopen(const std::string& type);
Result<void> fsconfig_flag(FdRef context, const std::string& key);
Result<void> fsconfig_string(FdRef context, const std::string& key, const std::string& value);
Result<void> fsconfig_create(FdRef context);
// Attributes are MOUNT_ATTR_*.
Result<Fd> fsmount(FdRef context, uint64_t attributes);

struct MountAttributes {
  uint64_t set = 0;          // MOUNT_ATTR_*
  uint64_t clear = 0;        // MOUNT_ATTR_*
  uint64_t propagation = 0;  // MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0
  FdRef user_namespace;      // with MOUNT_ATTR_IDMAP
  bool empty() const { return set == 0 && clear == 0 && propagation == 0; }
};
Result<void> mount_setattr(FdRef mount, const MountAttributes& attributes, bool recursive);

// Attaches the detached (or moves the attached) mount onto what `target` refers to.
Result<void> move_mount(FdRef mount, FdRef target);

// mount(2) with only propagation flags (MS_REC allowed) on a path.
Result<void> set_propagation(const std::string& path, unsigned long flags);

}  // namespace nemoclaw::sys
