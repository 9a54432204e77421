#include "policy/engine/index.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

std::string_view parent(std::string_view name) { return name.substr(std::min(name.find('.'), name.size())); }

// "*.api.*.example.test" -> "example.test": what follows the last label with a star.
std::string_view literal_tail(std::string_view pattern) {
  const size_t star = pattern.rfind('*');
  return pattern.substr(std::min(pattern.find('.', star), pattern.size() - 1) + 1);
}

bool same_addresses(const CompiledEndpoint& a, const CompiledEndpoint& b) {
  return a.is_exact() == b.is_exact() && a.allowed_ips == b.allowed_ips;
}

constexpr size_t kFewPaths = 8;  // up to here looking at each is faster

auto slot_at(auto& slots, BinarySets::Id binaries) {
  return std::lower_bound(slots.begin(), slots.end(), binaries,
                          [](const Slot& each, BinarySets::Id wanted) { return each.binaries < wanted; });
}

}  // namespace

void PathIndex::add(Ordinal ordinal, const CompiledEndpoint& endpoint) {
  if (!endpoint.path) {
    anywhere_.push_back(ordinal);
    return;
  }
  const std::string_view start = endpoint.path->literal_prefix();
  const size_t slash = start.rfind('/');
  if (endpoint.path->is_exact())
    exact_[start].push_back(ordinal);
  else if (slash == std::string_view::npos || slash == 0)
    anywhere_.push_back(ordinal);
  else
    below_[start.substr(0, slash + 1)].push_back(ordinal);
}

const Slot* PortSlots::find_slot(BinarySets::Id binaries) const {
  const auto found = slot_at(slots, binaries);
  return found != slots.end() && found->binaries == binaries ? &*found : nullptr;
}

namespace {

auto port_at(auto& ports, uint16_t port) {
  return std::lower_bound(ports.begin(), ports.end(), port,
                          [](const PortSlots& each, uint16_t wanted) { return each.port < wanted; });
}

}  // namespace

const PortSlots* HostGroup::find_port(uint16_t port) const {
  const auto found = port_at(ports, port);
  return found != ports.end() && found->port == port ? &*found : nullptr;
}

PortSlots& HostGroup::add_port(uint16_t port) {
  auto at = port_at(ports, port);
  if (at == ports.end() || at->port != port) {
    at = ports.emplace(at);
    at->port = port;
  }
  return *at;
}

EndpointIndex::EndpointIndex(const std::vector<CompiledEntry>& entries, const BinarySets& binaries) {
  std::unordered_map<std::string_view, std::pair<std::vector<HostGroup>*, size_t>> wildcards;
  const auto group_of = [&](const CompiledEndpoint& endpoint) -> HostGroup& {
    if (!endpoint.host) return hostless_;
    const std::string& text = endpoint.host->text();
    if (endpoint.is_exact()) return exact_[text];
    const auto [known, is_new] = wildcards.try_emplace(text);
    if (is_new) {
      std::vector<HostGroup>& groups = tails_[literal_tail(text)];
      groups.emplace_back();
      known->second = {&groups, groups.size() - 1};
    }
    return (*known->second.first)[known->second.second];
  };
  size_t count = 0;
  for (const CompiledEntry& entry : entries) count += entry.endpoints.size();
  grants_.reserve(count);
  for (const CompiledEntry& entry : entries) {
    for (const CompiledEndpoint& endpoint : entry.endpoints) {
      const auto ordinal = static_cast<Ordinal>(grants_.size());
      grants_.push_back({&entry, &endpoint});
      HostGroup& group = group_of(endpoint);
      if (group.ports.empty()) group.first = ordinal;
      group.pattern = endpoint.host ? &*endpoint.host : nullptr;
      add(group, ordinal, binaries);
      if (endpoint.is_exact()) parents_.try_emplace(parent(endpoint.host->text()), ordinal);
    }
  }
}

void EndpointIndex::add(HostGroup& group, Ordinal ordinal, const BinarySets& binaries) {
  const Grant& grant = grants_[ordinal];
  const CompiledEndpoint& endpoint = *grant.endpoint;
  const BinarySets::Id set = grant.entry->binaries;
  for (uint16_t number : endpoint.ports) {
    PortSlots& port = group.add_port(number);
    if (port.slots.empty()) port.first = ordinal;
    auto at = slot_at(port.slots, set);
    if (at == port.slots.end() || at->binaries != set) {
      at = port.slots.emplace(at);
      at->binaries = set;
      at->first = ordinal;
      if (set == BinarySets::any || binaries.has_glob(set)) port.undecided.push_back(set);
    }
    at->needs_l7 = at->needs_l7 || endpoint.needs_l7;
    at->keep_encoded_slash = at->keep_encoded_slash || endpoint.keep_encoded_slash;
    add(*at, ordinal);
  }
}

void EndpointIndex::add(Slot& slot, Ordinal ordinal) {
  const CompiledEndpoint& endpoint = *grants_[ordinal].endpoint;
  const auto alike = [&](Ordinal each) { return same_addresses(*grants_[each].endpoint, endpoint); };
  if (!alike(slot.first) && std::none_of(slot.addresses.begin(), slot.addresses.end(), alike))
    slot.addresses.push_back(ordinal);
  if (slot.denying == kNoOrdinal && endpoint.denies_everything) slot.denying = ordinal;
  if (!endpoint.needs_l7) return;
  slot.inspected.push_back(ordinal);
  if (slot.paths) {
    slot.paths->add(ordinal, endpoint);
  } else if (slot.inspected.size() > kFewPaths) {
    slot.paths = std::make_unique<PathIndex>();
    for (Ordinal each : slot.inspected) slot.paths->add(each, *grants_[each].endpoint);
  }
}

const Grant* EndpointIndex::similar(std::string_view host) const {
  Ordinal first = kNoOrdinal;
  const std::string child = "." + std::string(host);
  for (std::string_view name : {parent(host), std::string_view(child)}) {
    if (name.empty()) continue;
    if (const auto found = parents_.find(name); found != parents_.end())
      first = std::min(first, found->second);
    const auto wildcards = tails_.find(name.substr(1));
    if (wildcards == tails_.end()) continue;
    for (const HostGroup& group : wildcards->second) first = std::min(first, group.first);
  }
  return first == kNoOrdinal ? nullptr : &grants_[first];
}

}  // namespace nemoclaw::policy
