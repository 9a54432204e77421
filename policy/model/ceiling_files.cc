// Lists of paths: what both policies give at each path that one of them names.
#include <algorithm>
#include <set>

#include "policy/model/ceiling.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

bool covers(const std::vector<Path>& paths, const std::string& path) {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const Path& each) { return path_is_below(path, each.path); });
}

const char* name_of(FileAccess access) {
  return access == FileAccess::Write ? "read and write" : access == FileAccess::Read ? "read" : "nothing";
}

struct Lists {
  const FilesystemPolicy& policy;
  const FilesystemPolicy& ceiling;

  FileAccess at(const std::string& path) const {
    return std::min(listed_access(policy, path), listed_access(ceiling, path));
  }
};

}  // namespace

FileAccess listed_access(const FilesystemPolicy& filesystem, const std::string& path) {
  if (covers(filesystem.no_access, path)) return FileAccess::None;
  const bool mounted_read_only =
      std::any_of(filesystem.read_only.begin(), filesystem.read_only.end(), [&](const Path& each) {
        return path_is_below(path, each.path) && covers(filesystem.read_write, each.path);
      });
  if (covers(filesystem.read_write, path)) return mounted_read_only ? FileAccess::Read : FileAccess::Write;
  return covers(filesystem.read_only, path) ? FileAccess::Read : FileAccess::None;
}

void cut_filesystem(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts) {
  const FilesystemPolicy own = policy.filesystem;
  const Lists lists{own, ceiling.filesystem};
  FilesystemPolicy& result = policy.filesystem;
  result.read_only.clear();
  result.read_write.clear();
  std::set<std::string> seen;
  for (const auto* list :
       {&own.read_write, &own.read_only, &ceiling.filesystem.read_write, &ceiling.filesystem.read_only}) {
    const bool of_policy = list == &own.read_write || list == &own.read_only;
    for (const Path& each : *list) {
      if (!seen.insert(each.path).second) continue;
      const FileAccess wanted = listed_access(own, each.path), given = lists.at(each.path);
      if (of_policy && given < wanted)
        cuts.push_back({cut_place("filesystem_policy: " + each.path + ": " + name_of(wanted) + " becomes " +
                                      name_of(given),
                                  each.at),
                        std::string("the ceiling gives ") + name_of(given) + " there"});
      if (given == FileAccess::Write) result.read_write.push_back(each);
      if (given == FileAccess::Read) result.read_only.push_back(each);
    }
  }
  for (const Path& each : ceiling.filesystem.no_access) {
    if (!covers(own.no_access, each.path)) {
      result.no_access.push_back(each);
      cuts.push_back({"filesystem_policy: " + each.path + " is hidden", "the ceiling's no_access"});
    }
  }
  // Whose globs name which files is known only with the image: compile() keeps what both lists name.
  if (!own.execute && ceiling.filesystem.execute) {
    result.execute = ceiling.filesystem.execute;
    cuts.push_back({"filesystem_policy.execute: only what the ceiling lists", "the ceiling has a list"});
  }
}

}  // namespace nemoclaw::policy
