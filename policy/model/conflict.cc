#include "policy/model/conflict.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "policy/model/coverage.h"
#include "policy/model/host.h"
#include "policy/model/words.h"

namespace nemoclaw::policy {
namespace {

struct Seen {
  const NetworkEntry* entry;
  const Endpoint* endpoint;
  HostPattern host;
};

bool is_plain(const Endpoint& endpoint) { return !is_inspected(endpoint.protocol); }

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

const char* disagreement(const Endpoint& a, const Endpoint& b) {
  if (a.tls != b.tls) return "tls";
  if (a.allowed_ips != b.allowed_ips && sorted(a.allowed_ips) != sorted(b.allowed_ips)) return "allowed_ips";
  if (a.path != b.path || is_plain(a) || is_plain(b)) return nullptr;
  if (a.enforcement != b.enforcement) return "enforcement";
  if (a.protocol != b.protocol) return "protocol";
  return nullptr;
}

// Endpoints that must agree on one value: those of one port, or of one port and path. Agreement is an
// equivalence, so a host that was judged once needs no second look, and hosts of one value none at each
// other, however many there are.
class Agreement {
 public:
  // False if a host that overlaps has another value.
  bool add(const HostPattern& host, uint32_t value) {
    const auto [known, is_new] = known_.try_emplace(host.text(), value);
    if (!is_new) return known->second == value;
    const bool agrees = std::all_of(values_.begin(), values_.end(), [&](const auto& each) {
      return each.first == value || !overlaps_any(host, each.second);
    });
    Hosts& same = values_[value];
    (host.is_exact() ? same.exact : same.patterns).push_back(&host);
    return agrees;
  }

 private:
  struct Hosts {
    std::vector<const HostPattern*> exact, patterns;
  };

  static bool overlaps_any(const HostPattern& host, const Hosts& others) {
    const auto overlaps = [&](const HostPattern* each) { return each->overlaps(host); };
    // Two exact hosts that overlap are one, which known_ has found.
    return std::any_of(others.patterns.begin(), others.patterns.end(), overlaps) ||
           (!host.is_exact() && std::any_of(others.exact.begin(), others.exact.end(), overlaps));
  }

  std::unordered_map<std::string_view, uint32_t> known_;
  std::map<uint32_t, Hosts> values_;
};

class Endpoints {
 public:
  // False if an endpoint that was added before disagrees.
  bool add(const Endpoint& endpoint, const HostPattern& host) {
    std::string connection(1, static_cast<char>('0' + static_cast<int>(endpoint.tls)));
    for (const std::string& range : sorted(endpoint.allowed_ips)) connection += " " + range;
    const uint32_t connection_value = number_of(std::move(connection));
    const auto request_value =
        static_cast<uint32_t>(endpoint.enforcement) * 16 + static_cast<uint32_t>(endpoint.protocol);
    bool agree = true;
    for (uint16_t port : endpoint.ports) {
      agree = by_port_[port].add(host, connection_value) && agree;
      if (is_plain(endpoint)) continue;
      agree = by_path_[std::to_string(port) + endpoint.path].add(host, request_value) && agree;
    }
    return agree;
  }

 private:
  uint32_t number_of(std::string text) {
    return numbers_.try_emplace(std::move(text), static_cast<uint32_t>(numbers_.size())).first->second;
  }

  std::unordered_map<std::string, uint32_t> numbers_;
  std::unordered_map<uint16_t, Agreement> by_port_;
  std::unordered_map<std::string, Agreement> by_path_;  // port and path
};

}  // namespace

std::optional<Conflict> find_conflict(const std::vector<NetworkEntry>& entries) {
  std::vector<Seen> seen;
  for (const NetworkEntry& entry : entries) {
    for (const Endpoint& endpoint : entry.endpoints) {
      auto host = HostPattern::parse(endpoint.host);
      // No host, or one that the reader has already refused.
      if (host) seen.push_back({&entry, &endpoint, std::move(*host)});
    }
  }
  Endpoints endpoints;
  for (const Seen& each : seen) {
    if (endpoints.add(*each.endpoint, each.host)) continue;
    for (const Seen& other : seen) {
      const char* what = disagreement(*other.endpoint, *each.endpoint);
      if (what && share_port(*other.endpoint, *each.endpoint) && other.host.overlaps(each.host))
        return Conflict{other.entry, each.entry, other.endpoint, each.endpoint, what};
    }
  }
  return std::nullopt;
}

}  // namespace nemoclaw::policy
