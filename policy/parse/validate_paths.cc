#include <algorithm>

#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kPathMax = 4096;  // PATH_MAX of Linux
constexpr size_t kPathsMax = 256;

// Calls `each` for every component between slashes.
template <typename Each>
void for_each_component(std::string_view path, Each each) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    each(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
}

}  // namespace

bool check_path(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path) {
  const std::string named = "'" + std::string(key) + "': " + quoted(path, 128);
  if (path.empty() || path[0] != '/') {
    diagnostics.error("P0201", at, named + " is not an absolute path",
                      "write it from '/'; '~' and variables mean nothing here");
    return false;
  }
  if (path.size() > kPathMax) {
    diagnostics.error("P0203", at, named + " is longer than 4096 characters");
    return false;
  }
  if (std::any_of(path.begin(), path.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    diagnostics.error("P0206", at, named + " holds a control character");
    return false;
  }
  bool climbs = false;
  for_each_component(path, [&](std::string_view component) { climbs = climbs || component == ".."; });
  if (climbs) diagnostics.error("P0202", at, named + " holds '..'", "write the path that is meant");
  return !climbs;
}

bool check_no_glob(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path) {
  if (path.find('*') == std::string_view::npos) return true;
  diagnostics.error(
      "P0207", at,
      "'" + std::string(key) + "': " + quoted(path, 128) + " is a pattern; only plain paths stand here",
      "name the directory: everything below it is meant");
  return false;
}

void check_glob_components(Diagnostics& diagnostics, Location at, std::string_view key,
                           std::string_view path) {
  bool glued = false;
  for_each_component(path, [&](std::string_view component) {
    glued = glued || (component != "**" && component.find("**") != std::string_view::npos);
  });
  if (glued) {
    diagnostics.error(
        "P0208", at, "'" + std::string(key) + "': in " + quoted(path, 128) + " '**' is not a whole component",
        "write '/**/' for any depth, or '*' within one name");
  }
}

void check_root_not_writable(Diagnostics& diagnostics, const FilesystemPolicy& filesystem) {
  for (const Path& path : filesystem.read_write) {
    if (path.path != "/") continue;
    diagnostics.error("P0205", path.at, "'/' in read_write would make the whole image writable",
                      "name the directories that the agent writes to");
  }
}

void check_path_count(Diagnostics& diagnostics, const FilesystemPolicy& filesystem) {
  size_t count = 0;
  const Path* first_over = nullptr;
  for (const auto* list : {&filesystem.read_only, &filesystem.read_write, &filesystem.no_access,
                           filesystem.execute ? &*filesystem.execute : nullptr}) {
    if (!list) continue;
    for (const Path& path : *list)
      if (++count == kPathsMax + 1) first_over = &path;
  }
  if (first_over) {
    diagnostics.error("P0204", first_over->at,
                      std::to_string(count) + " paths in filesystem_policy; at most 256 are accepted",
                      "name common parents instead");
  }
}

}  // namespace nemoclaw::policy
