// Landlock: rules in terms of the container's paths (plan), and the ruleset that the kernel enforces (apply). Every right
// is used as far as the running kernel's ABI has it; what is missing is a Protection with a reason, and with
// hard_requirement an error. See landlock(7) and Documentation/userspace-api/landlock.rst.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::isolation {

struct LandlockPathRule {
  std::string path;         // absolute, inside the container
  uint64_t access = 0;      // LANDLOCK_ACCESS_FS_* for directories; reduced for files when applied
  bool required = false;
};

struct LandlockPlan {
  bool enabled = false;
  bool hard_requirement = false;
  int abi = 0;
  uint64_t handled_fs = 0, handled_net = 0, scoped = 0;
  std::vector<LandlockPathRule> paths;
  std::vector<std::pair<uint64_t, uint16_t>> ports;  // LANDLOCK_ACCESS_NET_*, port
  std::vector<oci::Protection> degraded;             // rights that this ABI lacks
};

// The kernel's Landlock ABI by asking it; 0 when absent or disabled.
int landlock_abi();

// Pure: an error only when hard_requirement cannot be met by `abi`.
Result<LandlockPlan> plan_landlock(const oci::Landlock& landlock, int abi);

// Two halves, because paths must be opened while the process may still read them, and the restriction comes last.
// prepare: in the container's mount namespace after pivot_root; opens each path (O_PATH), makes the ruleset. Missing
// paths are appended to `protections` (or are an error when required); an unreadable path is always an error.
Result<Fd> prepare_landlock(const LandlockPlan& plan, std::vector<oci::Protection>& protections);
// restrict: landlock_restrict_self(2); needs no_new_privs or CAP_SYS_ADMIN.
Result<void> restrict_landlock(FdRef ruleset);

}  // namespace nemoclaw::isolation
