// The fence in the kernel. All of these act on the network namespace of the calling process.
#pragma once

#include <string>

#include "hooks/fence_messages.h"
#include "hooks/fence_plan.h"
#include "runtime/base/netlink.h"

namespace nemoclaw::hooks {

// nf_tables in the namespace of the calling process.
Result<Netlink> open_nftables();

// True if the namespace already has a table of ours.
bool fence_exists(Netlink& nft);

struct LoadedFence {
  std::string ruleset;  // in nft's words
  std::string warning;  // what is missing (no nflog), empty if nothing
};

// Brings up lo, makes sure that route_localnet is 0, loads the table in one transaction and reads it back. A
// kernel without nfnetlink_log gets the same fence without the log rule, and a warning.
Result<LoadedFence> apply_fence(Netlink& nft, FencePlan plan);

// What the kernel holds.
Result<ShownFence> read_fence(Netlink& nft);

void remove_fence(Netlink& nft);

}  // namespace nemoclaw::hooks
