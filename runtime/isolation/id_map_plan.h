// User namespace id maps (config-linux.md, "User namespace mappings"; user_namespaces(7)).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct IdMapPlan {
  std::vector<oci::IdMapping> uid, gid;  // empty: the namespace is not new, nothing to write

  bool empty() const { return uid.empty() && gid.empty(); }
  bool maps_root() const;  // container ids 0 and 0 exist
};

// Pure. A new user namespace needs both maps; maps without one are an error.
Result<IdMapPlan> plan_id_maps(const oci::Linux& linux_);

// "0 100000 65536\n" per line, what uid_map and gid_map take.
std::string id_map_text(const std::vector<oci::IdMapping>& map);

// Writes the maps of `pid` (a direct child in a new user namespace). With privilege directly; else through
// the setuid helpers newuidmap and newgidmap, or directly if it is only the caller's own id.
Result<void> apply_id_maps(const IdMapPlan& plan, pid_t pid);

// A user namespace with these maps and no process in it, for idmapped mounts.
Result<Fd> make_user_namespace(const IdMapPlan& plan);

}  // namespace nemoclaw::isolation
