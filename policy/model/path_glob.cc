#include "policy/model/path_glob.h"

#include "policy/model/host.h"

namespace nemoclaw::policy {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> components;
  if (!path.empty() && path[0] == '/') path.remove_prefix(1);
  for (;;) {
    const size_t slash = path.find('/');
    components.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return components;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

PathGlob::PathGlob(std::string_view pattern) : text_(pattern) {
  if (pattern.find('*') == std::string_view::npos) return;
  const auto components = split(pattern);
  components_ = std::make_unique<const std::vector<std::string>>(components.begin(), components.end());
}

// As for characters: remember the last "**" and let it take one more component when the rest fails. Positions
// instead of a list of components, because every request comes through here.
bool PathGlob::matches(std::string_view path) const {
  if (is_exact()) return path == text_;
  if (path.empty() || path[0] != '/') return false;
  const auto& pattern = *components_;
  constexpr size_t end = std::string_view::npos;
  const auto part = [&](size_t at) { return path.substr(at, path.find('/', at) - at); };
  const auto after = [&](size_t at) {
    const size_t slash = path.find('/', at);
    return slash == end ? end : slash + 1;
  };
  size_t p = 0, s = 1, star = pattern.size(), resume = 1;
  while (s != end) {
    const bool last = p + 1 == pattern.size();
    if (p < pattern.size() && pattern[p] == "**") {
      if (last) return !part(s).empty();  // at least one component is left, so a bare directory is none
      star = p++;
      resume = s;
    } else if (p < pattern.size() && !part(s).empty() && label_matches(pattern[p], part(s))) {
      ++p, s = after(s);
    } else if (star < pattern.size()) {
      p = star + 1;
      s = resume = after(resume);
    } else {
      return false;
    }
  }
  return p == pattern.size();
}

}  // namespace nemoclaw::policy
