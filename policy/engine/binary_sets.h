// The `binaries` of all entries: equal lists once, however many entries write them, and found by the caller's
// paths.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/engine/binary_matcher.h"
#include "policy/engine/compact_list.h"

namespace nemoclaw::policy {

class BinarySets {
 public:
  using Id = uint32_t;
  static constexpr Id any = 0;  // no `binaries`: every process

  BinarySets() = default;
  BinarySets(BinarySets&&) = default;

  Id add(const std::optional<std::vector<Binary>>& binaries, const std::vector<BinaryAlias>& aliases);

  // No list comes any more.
  void seal() { known_.clear(); }

  BinaryMatch match(Id set, const Caller& caller) const;
  // True if some item holds a star, so that only match() can tell whether it fits.
  bool has_glob(Id set) const { return sets_[set].has_glob; }
  // Calls visit(set) for the sets that write one of the caller's paths; a set may come more than once.
  template <typename Visit>
  void for_each_named(const Caller& caller, Visit&& visit) const {
    const auto look_up = [&](std::string_view path) {
      if (const auto found = by_path_.find(path); found != by_path_.end())
        for (Id set : found->second) visit(set);
    };
    look_up(caller.binary);
    if (!caller.script.empty()) look_up(caller.script);
    for (const std::string& ancestor : caller.ancestors) look_up(ancestor);
  }
  // The executables that some list names, sorted.
  std::vector<std::string> named() const;
  // "/usr/bin/curl, /usr/bin/git, ..."; empty for `any`.
  std::string describe(Id set) const;

 private:
  struct Set {
    std::vector<BinaryMatcher> items;
    bool has_glob = false;
  };
  std::vector<Set> sets_ = std::vector<Set>(1);
  std::unordered_map<std::string_view, CompactList<Id>> by_path_;  // texts of the items
  std::map<std::string, Id> known_;                                // a list's text, until seal()
};

}  // namespace nemoclaw::policy
