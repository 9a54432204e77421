// The mount options of config-linux.md ("Linux mount options"): one table, and what a list of them means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct MountOptions {
  bool bind = false;
  bool recursive_bind = false;  // rbind
  bool remount = false;
  uint64_t set = 0, clear = 0;                      // MOUNT_ATTR_* of this mount
  uint64_t recursive_set = 0, recursive_clear = 0;  // of it and everything below (rro, rnosuid ...)
  std::vector<uint64_t> propagation;                // MS_SHARED ..., with MS_REC for r*; in the order given
  std::vector<std::string> superblock;              // flags of the file system itself: "sync", "dirsync" ...
  std::vector<std::string> data;                    // everything else, for the file system: "mode=755"
  bool tmpcopyup = false;
  bool idmap = false, recursive_idmap = false;

  bool read_only() const;
};

// Pure; never fails: what the table does not know belongs to the file system.
MountOptions parse_mount_options(const oci::Strings& options);

struct AttributeChange {
  uint64_t set = 0, clear = 0;  // MOUNT_ATTR_*
  bool operator==(const AttributeChange&) const = default;
};

// Pure. What becomes of a bind mount's own attributes, as with runc and crun: without any flag those of the source stay; with
// one, the flags that are not named are cleared (access times stay unless one is set). `locked_source`: the source's, where
// a user namespace must keep what locks them (mount_namespaces(7)): kept when not named, an error when they shall go.
Result<AttributeChange> bind_attributes(const MountOptions& options, std::optional<uint64_t> locked_source);

// MS_* for rootfsPropagation and the like ("rslave"); 0 if unknown.
uint64_t propagation_flags(const std::string& name);

// All names in the table, sorted: `features` lists them.
oci::Strings mount_option_names();

}  // namespace nemoclaw::isolation
