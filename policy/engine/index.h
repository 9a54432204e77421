// Finds the endpoints that a connection and a request may match without looking at the others: hosts are
// hashed by name and by the literal tail of wildcards, then port, then set of binaries, then path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/engine/compact_list.h"
#include "policy/engine/compiled.h"

namespace nemoclaw::policy {

// Keys are parts of the endpoints' own texts, which outlive the index.
template <typename Value>
using TextMap = std::unordered_map<std::string_view, Value>;

using Ordinal = uint32_t;  // of an endpoint, in the order of the entries' keys
inline constexpr Ordinal kNoOrdinal = UINT32_MAX;

// The inspected endpoints of a slot that has many, by their `path`.
class PathIndex {
 public:
  void add(Ordinal ordinal, const CompiledEndpoint& endpoint);
  // Calls visit(ordinal) for every endpoint whose path may match, each once.
  template <typename Visit>
  void for_each_candidate(std::string_view path, Visit&& visit) const;

 private:
  std::vector<Ordinal> anywhere_;  // no path, or one without a literal first segment
  TextMap<CompactList<Ordinal>> exact_;
  TextMap<CompactList<Ordinal>> below_;  // by the literal directory that a glob starts with, with its slash
};

// Endpoints of one host pattern and port whose entries name the same binaries.
struct Slot {
  BinarySets::Id binaries = BinarySets::any;
  Ordinal first = 0;
  bool needs_l7 = false, keep_encoded_slash = false;
  Ordinal denying = kNoOrdinal;    // the first that denies every request
  CompactList<Ordinal> inspected;  // needs_l7
  CompactList<Ordinal> addresses;  // with other rules about addresses than `first`, the first of each
  std::unique_ptr<PathIndex> paths;
};

struct PortSlots {
  uint16_t port = 0;
  Ordinal first = 0;
  std::vector<Slot> slots;                // by binaries
  CompactList<BinarySets::Id> undecided;  // those that no single path decides: any process, or a glob

  const Slot* find_slot(BinarySets::Id binaries) const;
};

// All endpoints of one host pattern.
struct HostGroup {
  const HostPattern* pattern = nullptr;  // absent: any host
  Ordinal first = 0;
  std::vector<PortSlots> ports;  // by number

  const PortSlots* find_port(uint16_t port) const;
  PortSlots& add_port(uint16_t port);
};

class EndpointIndex {
 public:
  EndpointIndex(const std::vector<CompiledEntry>& entries, const BinarySets& binaries);

  // Every group whose host fits; no order.
  template <typename Visit>
  void for_each_group(std::string_view host, Visit&& visit) const;
  // The first endpoint whose host has the same parent domain, or whose parent domain is this very host.
  const Grant* similar(std::string_view host) const;
  const Grant& grant(Ordinal ordinal) const { return grants_[ordinal]; }

 private:
  void add(HostGroup& group, Ordinal ordinal, const BinarySets& binaries);
  void add(Slot& slot, Ordinal ordinal);

  std::vector<Grant> grants_;
  TextMap<HostGroup> exact_;
  TextMap<std::vector<HostGroup>> tails_;  // by the literal labels after the last star: "example.test"
  TextMap<Ordinal> parents_;               // ".example.test" -> the first exact host below it
  HostGroup hostless_;
};

template <typename Visit>
void PathIndex::for_each_candidate(std::string_view path, Visit&& visit) const {
  for (Ordinal each : anywhere_) visit(each);
  if (const auto found = exact_.find(path); found != exact_.end())
    for (Ordinal each : found->second) visit(each);
  if (below_.empty()) return;
  for (size_t slash = path.find('/', 1); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (const auto found = below_.find(path.substr(0, slash + 1)); found != below_.end())
      for (Ordinal each : found->second) visit(each);
}

template <typename Visit>
void EndpointIndex::for_each_group(std::string_view host, Visit&& visit) const {
  if (const auto found = exact_.find(host); found != exact_.end()) visit(found->second);
  if (!tails_.empty()) {
    for (size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      const auto found = tails_.find(host.substr(dot + 1));
      if (found == tails_.end()) continue;
      for (const HostGroup& group : found->second)
        if (group.pattern->matches(host)) visit(group);
    }
  }
  if (!hostless_.ports.empty()) visit(hostless_);
}

}  // namespace nemoclaw::policy
