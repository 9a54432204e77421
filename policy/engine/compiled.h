// The policy as the engine keeps it: everything parsed once, in the order of the entries' keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/engine/binary_matcher.h"
#include "policy/engine/engine.h"

namespace nemoclaw::policy {

struct CompiledEndpoint {
  std::optional<HostPattern> host;  // absent: any, the address decides
  std::vector<uint16_t> ports;      // sorted
  std::vector<Cidr> allowed_ips;
  bool needs_l7 = false;
  uint32_t line = 0;

  bool has_port(uint16_t port) const;
  bool matches_host(std::string_view name) const { return !host || host->matches(name); }
  bool is_exact() const { return host && host->is_exact(); }
};

struct CompiledEntry {
  std::string key;
  std::vector<CompiledEndpoint> endpoints;
  std::optional<std::vector<BinaryMatcher>> binaries;  // absent: any process

  BinaryMatch match_binary(const Caller& caller) const;
};

// An endpoint that lets this caller through at L4.
struct Grant {
  const CompiledEntry* entry;
  const CompiledEndpoint* endpoint;
};

// The reason of an L4 denial, and the entry that came nearest.
Decision explain_denial(const std::vector<CompiledEntry>& entries, const L4Request& request);

// Is every one of the addresses within this grant? "" or the reason why not, as a sentence about the first
// that is not.
std::string refuse_addresses(const Grant& grant, const L4Request& request,
                             const std::vector<Address>& addresses,
                             const std::vector<Address>& node_addresses);

}  // namespace nemoclaw::policy
