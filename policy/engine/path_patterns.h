// The path globs of all endpoints and rules: each text once, however many write it.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "policy/engine/glob.h"

namespace nemoclaw::policy {

class PathPatterns {
 public:
  PathPatterns() = default;
  PathPatterns(PathPatterns&&) = default;  // what add() returned stays where it is

  // nullptr for "", which asks for nothing.
  const Glob* add(const std::string& text) {
    if (text.empty()) return nullptr;
    const auto [known, is_new] = known_.try_emplace(text);
    if (is_new) known->second = &globs_.emplace_back(Glob::path(text));
    return known->second;
  }
  // No pattern comes any more.
  void seal() { known_.clear(); }

 private:
  std::deque<Glob> globs_;
  std::unordered_map<std::string, const Glob*> known_;
};

}  // namespace nemoclaw::policy
