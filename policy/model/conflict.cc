#include "policy/model/conflict.h"

#include <algorithm>
#include <vector>

#include "policy/model/host.h"
#include "policy/model/words.h"

namespace nemoclaw::policy {
namespace {

struct Seen {
  const NetworkEntry* entry;
  const Endpoint* endpoint;
  HostPattern host;
};

bool share_port(const Endpoint& a, const Endpoint& b) {
  return std::any_of(a.ports.begin(), a.ports.end(), [&](uint16_t port) {
    return std::find(b.ports.begin(), b.ports.end(), port) != b.ports.end();
  });
}

const char* disagreement(const Endpoint& a, const Endpoint& b) {
  if (a.tls != b.tls) return "tls";
  auto ips_a = a.allowed_ips, ips_b = b.allowed_ips;
  std::sort(ips_a.begin(), ips_a.end());
  std::sort(ips_b.begin(), ips_b.end());
  if (ips_a != ips_b) return "allowed_ips";
  if (a.path != b.path || !is_inspected(a.protocol) || !is_inspected(b.protocol)) return nullptr;
  if (a.enforcement != b.enforcement) return "enforcement";
  if (a.protocol != b.protocol) return "protocol";
  return nullptr;
}

}  // namespace

std::optional<Conflict> find_conflict(const std::vector<NetworkEntry>& entries) {
  std::vector<Seen> seen;
  for (const NetworkEntry& entry : entries) {
    for (const Endpoint& endpoint : entry.endpoints) {
      auto host = HostPattern::parse(endpoint.host);
      if (!host) continue;  // no host, or one that the reader has already refused
      for (const Seen& other : seen) {
        const char* what = disagreement(*other.endpoint, endpoint);
        if (what && share_port(*other.endpoint, endpoint) && other.host.overlaps(*host))
          return Conflict{other.entry, &entry, other.endpoint, &endpoint, what};
      }
      seen.push_back({&entry, &endpoint, std::move(*host)});
    }
  }
  return std::nullopt;
}

}  // namespace nemoclaw::policy
