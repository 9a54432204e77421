#include "policy/engine/index.h"

namespace nemoclaw::policy {
namespace {

std::string_view parent(std::string_view name) { return name.substr(std::min(name.find('.'), name.size())); }

// "*.api.*.example.test" -> "example.test": what follows the last label with a star.
std::string_view literal_tail(std::string_view pattern) {
  const size_t star = pattern.rfind('*');
  return pattern.substr(std::min(pattern.find('.', star), pattern.size() - 1) + 1);
}

}  // namespace

EndpointIndex::EndpointIndex(const std::vector<CompiledEntry>& entries) {
  for (const CompiledEntry& entry : entries) {
    for (const CompiledEndpoint& endpoint : entry.endpoints) {
      const auto ordinal = static_cast<uint32_t>(grants_.size());
      grants_.push_back({&entry, &endpoint});
      if (!endpoint.host) {
        hostless_.push_back(ordinal);
        continue;
      }
      const std::string& text = endpoint.host->text();
      if (endpoint.is_exact())
        exact_[text].push_back(ordinal);
      else
        tails_[std::string(literal_tail(text))].push_back(ordinal);
      Ordinals& first = parents_[std::string(parent(text))];
      if (first.empty()) first.push_back(ordinal);
    }
  }
}

size_t EndpointIndex::collect(std::string_view host, Cursor* cursors) const {
  size_t lists = 0;
  const auto add = [&](const Ordinals& list) {
    if (!list.empty() && lists < kListsMax) cursors[lists++] = {list.data(), list.data() + list.size()};
  };
  if (const auto found = exact_.find(host); found != exact_.end()) add(found->second);
  if (!tails_.empty()) {
    for (size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
      if (const auto found = tails_.find(host.substr(dot + 1)); found != tails_.end()) add(found->second);
  }
  add(hostless_);
  return lists;
}

const Grant* EndpointIndex::similar(std::string_view host) const {
  const Grant* first = nullptr;
  const std::string child = "." + std::string(host);
  for (std::string_view name : {parent(host), std::string_view(child)}) {
    const auto found = name.empty() ? parents_.end() : parents_.find(name);
    if (found == parents_.end()) continue;
    const Grant* grant = &grants_[found->second.front()];
    if (!first || grant < first) first = grant;
  }
  return first;
}

}  // namespace nemoclaw::policy
