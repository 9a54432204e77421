#include "hooks/check.h"

#include <sched.h>

#include "hooks/fence_apply.h"
#include "hooks/fence_probe.h"

namespace nemoclaw::hooks {

Result<std::string> run_check() {
  if (unshare(CLONE_NEWNET) != 0) return errno_error("make a network namespace");
  Netlink nft = TRY(open_nftables());
  LoadedFence loaded = TRY(apply_fence(nft, FencePlan{}));
  TRY(probe_fence());
  return std::move(loaded.warning);
}

}  // namespace nemoclaw::hooks
