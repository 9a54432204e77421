// The fence in the kernel. All of these act on the network namespace of the calling process.
#pragma once

#include <string>

#include "hooks/fence_plan.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// One libnftables context: its start-up reads name tables from /etc, so it is made once per run of the hook.
class Nftables {
 public:
  static Result<Nftables> create();
  Nftables(Nftables&& other) noexcept : context_(other.context_) { other.context_ = nullptr; }
  Nftables& operator=(Nftables&&) = delete;
  ~Nftables();

  // Runs nft commands as one transaction; the error is the first line that libnftables wrote.
  Result<std::string> run(const std::string& commands);

 private:
  explicit Nftables(void* context) : context_(context) {}
  void* context_;
};

// True if the namespace already has a table of ours.
bool fence_exists(Nftables& nft);

struct LoadedFence {
  std::string ruleset;  // as given to the kernel
  std::string warning;  // what is missing (no nflog), empty if nothing
};

// Brings up lo, makes sure that route_localnet is 0, loads the table in one transaction and reads it back. A
// kernel without nfnetlink_log gets the same fence without the log rule, and a warning.
Result<LoadedFence> apply_fence(Nftables& nft, FencePlan plan);

void remove_fence(Nftables& nft);

}  // namespace nemoclaw::hooks
