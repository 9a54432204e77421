// The fence as plain values: the chains and rules of nftables' table `inet nemoclaw` for one sandbox. Pure;
// fence_messages.h makes the kernel's messages of them, fence_apply.h sends those.
//
// Everything rests on the socket mark: only the proxy can set it (SO_MARK needs CAP_NET_ADMIN or CAP_NET_RAW,
// which no sandboxed process has), so "marked" means "the proxy sent this".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/fence_rule.h"
#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

inline constexpr const char* kFenceTable = "nemoclaw";

struct InboundAccept {
  uint16_t port = 0;
  std::string protocol;             // "tcp" or "udp"
  std::vector<AddressPrefix> from;  // IPv4 first; empty = from anywhere
};

struct FencePlan {
  uint32_t proxy_mark = 0x4e43;
  uint16_t captured_port = 3129;  // where the proxy takes redirected TCP, on 127.0.0.1 and ::1
  uint16_t names_port = 3130;     // where the proxy answers questions for names, UDP and TCP
  uint16_t log_group = 20035;     // nflog group of refused attempts
  bool log = true;                // false: the kernel has no nfnetlink_log
  std::vector<InboundAccept> inbound;
  // Where the kubelet's probes come from: the node's own addresses. Empty for what is not a pod.
  std::vector<AddressPrefix> probes;
};

// Checks what a policy says about inbound connections.
Result<FencePlan> plan_fence(const std::vector<policy::InboundRule>& inbound);

// Lets the node itself connect over TCP, for a pod's probes. `node_addresses`: one per line. Loopback and
// link-local addresses are nobody's source on the way to a pod.
Result<void> accept_probes(FencePlan& plan, std::string_view node_addresses);

struct FenceChain {
  const char* name;
  const char* type;
  const char* hook;  // as nft names it
  uint32_t hook_number;
  int32_t priority;
  bool drops;  // what no rule decides
  std::vector<FenceRule> rules;

  // "type filter hook output priority 0; policy drop;"
  std::string declaration() const;
};
std::vector<FenceChain> fence_chains(const FencePlan& plan);

// The whole transaction in nft's words, for people: drops an old table of ours if there is one and adds the
// new one. No other table is touched.
std::string fence_ruleset(const std::vector<FenceChain>& chains);

}  // namespace nemoclaw::hooks
