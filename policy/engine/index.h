// Finds the endpoints whose host fits without looking at the others: exact names and the literal tails of
// wildcards are hashed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/engine/compiled.h"

namespace nemoclaw::policy {

class EndpointIndex {
 public:
  explicit EndpointIndex(const std::vector<CompiledEntry>& entries);

  // Calls visit(grant) for the endpoints whose host fits, any port, in the order of the entries, until it
  // answers false. No allocation.
  template <typename Visit>
  void for_each_host_match(std::string_view host, Visit&& visit) const;
  // The first endpoint whose host has the same parent domain, or whose parent domain is this very host.
  const Grant* similar(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Ordinals = std::vector<uint32_t>;  // ascending, into grants_
  using Map = std::unordered_map<std::string, Ordinals, Hash, std::equal_to<>>;

  static constexpr size_t kListsMax = 130;  // 127 labels at most, exact, hostless
  struct Cursor {
    const uint32_t *at, *end;
  };
  size_t collect(std::string_view host, Cursor* cursors) const;

  std::vector<Grant> grants_;
  Map exact_, tails_;  // tails_: of wildcards, from the first literal label on: "example.test"
  Map parents_;        // ".example.test" -> the first endpoint below it
  Ordinals hostless_;
};

template <typename Visit>
void EndpointIndex::for_each_host_match(std::string_view host, Visit&& visit) const {
  Cursor cursors[kListsMax];
  size_t lists = collect(host, cursors);
  while (lists > 0) {
    size_t least = 0;
    for (size_t i = 1; i < lists; ++i)
      if (*cursors[i].at < *cursors[least].at) least = i;
    const Grant& grant = grants_[*cursors[least].at];
    if (++cursors[least].at == cursors[least].end) cursors[least] = cursors[--lists];
    if (grant.endpoint->matches_host(host) && !visit(grant)) return;
  }
}

}  // namespace nemoclaw::policy
