// The policy as the engine keeps it: everything parsed once, in the order of the entries' keys.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/engine/binary_sets.h"
#include "policy/engine/compact_list.h"
#include "policy/engine/engine.h"
#include "policy/engine/rule_matcher.h"
#include "policy/engine/shared_texts.h"

namespace nemoclaw::policy {

struct CompiledEndpoint {
  std::optional<HostPattern> host;  // absent: any, the address decides
  CompactList<uint16_t> ports;      // sorted
  std::vector<Cidr> allowed_ips;
  const Glob* path = nullptr;  // absent: every path
  bool needs_l7 = false;
  Protocol protocol = Protocol::L4;
  Enforcement enforcement = Enforcement::Enforce;
  Access access = Access::None;
  bool keep_encoded_slash = false;
  bool mcp_known_methods = false;
  bool denies_everything = false;  // a deny rule for every request, enforced: no connection is worth making
  bool names_tools = false;        // some allow rule names tools, which narrows mcp_known_methods
  std::vector<RuleMatcher> rules;  // what allows, then what denies
  uint32_t allow_count = 0;
  uint32_t line = 0;
  std::unique_ptr<const RateLimits> limits;  // absent: none

  RateLimits rate_limits() const { return limits ? *limits : RateLimits(); }
  std::span<const RuleMatcher> allow() const { return std::span(rules).first(allow_count); }
  std::span<const RuleMatcher> deny() const { return std::span(rules).subspan(allow_count); }
  bool is_exact() const { return host && host->is_exact(); }
};

struct CompiledEntry {
  std::string key;
  std::vector<CompiledEndpoint> endpoints;
  BinarySets::Id binaries = BinarySets::any;
};

// Sorted by key. Fails as Engine::compile does.
Result<std::vector<CompiledEntry>> compile_entries(const Policy& policy,
                                                   const std::vector<BinaryAlias>& aliases,
                                                   BinarySets& binaries, SharedTexts& texts);

// The reason of what is allowed; entry and line say by what. Short enough that a string holds it without an
// allocation.
inline constexpr const char* allowed_reason = "entry allows it";

// An endpoint that lets this caller through at L4.
struct Grant {
  const CompiledEntry* entry;
  const CompiledEndpoint* endpoint;
};

// Is every one of the addresses within this grant? "" or the reason why not, as a sentence about the first
// that is not.
std::string refuse_addresses(const Grant& grant, const L4Request& request,
                             const std::vector<Address>& addresses,
                             const std::vector<Address>& node_addresses);

}  // namespace nemoclaw::policy
