#include "policy/engine/binary_sets.h"

#include <algorithm>
#include <set>

namespace nemoclaw::policy {
namespace {

// Two lists with equal texts match alike.
std::string text_of(const std::vector<Binary>& binaries) {
  std::string text;
  for (const Binary& each : binaries)
    for (const std::string& part :
         {each.path, each.via, each.sha256, std::string(each.script ? "script" : "")})
      text.append(part).push_back('\0');
  return text;
}

}  // namespace

BinarySets::Id BinarySets::add(const std::optional<std::vector<Binary>>& binaries,
                               const std::vector<BinaryAlias>& aliases) {
  if (!binaries) return any;
  const auto [known, is_new] = known_.try_emplace(text_of(*binaries), static_cast<Id>(sets_.size()));
  if (!is_new) return known->second;
  Set& set = sets_.emplace_back();
  set.items.reserve(binaries->size());
  for (const Binary& binary : *binaries) {
    const BinaryMatcher& item = set.items.emplace_back(binary, aliases);
    set.has_glob = set.has_glob || item.has_glob();
    if (item.has_glob()) continue;
    for (const std::string_view path : {std::string_view(item.text()), item.resolved()}) {
      if (path.empty()) continue;
      CompactList<Id>& ids = by_path_[path];
      if (ids.empty() || ids.back() != known->second) ids.push_back(known->second);
    }
  }
  return known->second;
}

BinaryMatch BinarySets::match(Id set, const Caller& caller) const {
  if (set == any) return BinaryMatch::Yes;
  BinaryMatch best = BinaryMatch::No;
  for (const BinaryMatcher& matcher : sets_[set].items) {
    const BinaryMatch match = matcher.match(caller);
    if (match == BinaryMatch::Yes) return match;
    if (match != BinaryMatch::No) best = match;
  }
  return best;
}

std::vector<std::string> BinarySets::named() const {
  std::set<std::string> names;
  for (const Set& set : sets_)
    for (const BinaryMatcher& item : set.items) item.add_named(names);
  return {names.begin(), names.end()};
}

std::string BinarySets::describe(Id set) const {
  const std::vector<BinaryMatcher>& items = sets_[set].items;
  std::string list;
  for (size_t i = 0; i < items.size() && i < 4; ++i) list += (i ? ", " : "") + items[i].text();
  return list + (items.size() > 4 ? ", ..." : "");
}

}  // namespace nemoclaw::policy
