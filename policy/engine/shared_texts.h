// What endpoints and rules write again and again, kept once: globs, methods and other words.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <unordered_map>

#include "policy/engine/glob.h"

namespace nemoclaw::policy {

class SharedTexts {
 public:
  SharedTexts() = default;
  SharedTexts(SharedTexts&&) = default;  // what was returned stays where it is

  // nullptr for "", which asks for nothing.
  const Glob* path(const std::string& text) {
    return text.empty() ? nullptr : find(paths_, Glob::path, text);
  }
  const Glob* name(const std::string& text) { return text.empty() ? nullptr : any_name(text); }
  const Glob* any_name(const std::string& text) { return find(names_, Glob::name, text); }
  const std::string* word(const std::string& text) { return &*words_.insert(text).first; }
  // Nothing comes any more.
  void seal() { paths_ = names_ = {}; }

 private:
  using Known = std::unordered_map<std::string, const Glob*>;

  const Glob* find(Known& known, Glob (*compile)(std::string_view), const std::string& text) {
    const auto [at, is_new] = known.try_emplace(text);
    if (is_new) at->second = &globs_.emplace_back(compile(text));
    return at->second;
  }

  std::deque<Glob> globs_;
  std::set<std::string> words_;
  Known paths_, names_;
};

}  // namespace nemoclaw::policy
