// Globs over absolute paths of executables: `*` any run within one component, `**` as a whole component any
// number of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::policy {

class PathGlob {
 public:
  // "/opt/*/agent", "/home/agent/**", "**/claude". Without '*' it is compared as it stands, '?' and brackets
  // included.
  explicit PathGlob(std::string_view pattern);

  // `/x/**` matches everything below /x, but not /x. Time is bounded by the product of the two lengths.
  bool matches(std::string_view path) const;
  bool is_exact() const { return !components_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::unique_ptr<const std::vector<std::string>> components_;  // absent: compared as it stands
};

}  // namespace nemoclaw::policy
