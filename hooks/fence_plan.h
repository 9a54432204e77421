// The fence as text: the nftables ruleset of table `inet nemoclaw` for one sandbox, made from plain values.
// Pure; fence_apply.h gives it to the kernel.
//
// Everything rests on the socket mark: only the proxy can set it (SO_MARK needs CAP_NET_ADMIN or CAP_NET_RAW,
// which no sandboxed process has), so "marked" means "the proxy sent this".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

inline constexpr const char* kFenceTable = "nemoclaw";

struct InboundAccept {
  uint16_t port = 0;
  std::string protocol;            // "tcp" or "udp"
  std::vector<std::string> from4;  // IPv4 prefixes; both empty = from anywhere
  std::vector<std::string> from6;
};

struct FencePlan {
  uint32_t proxy_mark = 0x4e43;
  uint16_t captured_port = 3129;  // where the proxy takes redirected TCP, on 127.0.0.1 and ::1
  uint16_t names_port = 3130;     // where the proxy answers questions for names, UDP and TCP
  uint16_t log_group = 20035;     // nflog group of refused attempts
  bool log = true;                // false: the kernel has no nfnetlink_log
  std::vector<InboundAccept> inbound;
  // Where the kubelet's probes come from: the node's own addresses. Empty for what is not a pod.
  std::vector<std::string> probes4, probes6;
};

// Checks what a policy says about inbound connections: every value that goes into the ruleset text is parsed
// and written anew.
Result<FencePlan> plan_fence(const std::vector<policy::InboundRule>& inbound);

// Lets the node itself connect over TCP, for a pod's probes. `node_addresses`: one per line. Loopback and
// link-local addresses are nobody's source on the way to a pod.
Result<void> accept_probes(FencePlan& plan, std::string_view node_addresses);

// What the kernel must show after loading.
struct FenceChain {
  const char* name;
  const char* declaration;  // as `nft list` prints it with numeric priorities
  std::vector<std::string> rules;
};
std::vector<FenceChain> fence_chains(const FencePlan& plan);

// The whole transaction: drops an old table of ours if there is one and adds the new one. No other table is
// touched.
std::string fence_ruleset(const FencePlan& plan);

// Compares the output of `nft list table inet nemoclaw` (numeric priorities) with the plan: every chain with
// its hook, priority and policy, and as many rules as were loaded. An error names the first difference.
Result<void> check_fence_listing(const FencePlan& plan, const std::string& listing);

}  // namespace nemoclaw::hooks
