#include "ctl/image_paths.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "policy/model/host.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::ctl {
namespace {

bool is_absence(const Error& error) { return error.errno_value == ENOENT || error.errno_value == ENOTDIR; }

bool lacks(FdRef root, const std::string& path) {
  const auto found = open_in_root(root, path, O_PATH);
  return !found && is_absence(found.error());
}

std::vector<std::string> components_of(const std::string& pattern) {
  std::vector<std::string> components;
  for (size_t at = 1; at <= pattern.size();) {
    const size_t slash = std::min(pattern.find('/', at), pattern.size());
    components.push_back(pattern.substr(at, slash - at));
    at = slash + 1;
  }
  return components;
}

// Nothing below `directory` matches the components from `at` on.
bool lacks_below(FdRef root, const std::string& directory, const std::vector<std::string>& components,
                 size_t at) {
  std::string path = directory;
  for (; at < components.size() && components[at].find('*') == std::string::npos; ++at)
    path += "/" + components[at];
  if (at == components.size()) return lacks(root, path);
  if (components[at] == "**") return false;
  const auto opened = open_in_root(root, path.empty() ? "/" : path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!opened) return is_absence(opened.error());
  const auto names = list_directory("/proc/self/fd/" + std::to_string(opened->raw()));
  if (!names) return false;
  return std::none_of(names->begin(), names->end(), [&](const std::string& name) {
    return policy::label_matches(components[at], name) &&
           !lacks_below(root, path + "/" + name, components, at + 1);
  });
}

}  // namespace

bool image_lacks(FdRef root, const std::string& pattern) {
  if (pattern.empty() || pattern[0] != '/') return false;
  return lacks_below(root, "", components_of(pattern), 0);
}

}  // namespace nemoclaw::ctl
