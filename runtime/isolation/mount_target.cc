#include "runtime/isolation/mount_target.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::isolation {

namespace {

constexpr int links_max = 40;  // the kernel's own limit (path_resolution(7))

Result<std::string> read_link_in(FdRef directory, const std::string& name) {
  char target[PATH_MAX];
  const ssize_t length = readlinkat(directory.raw(), name.c_str(), target, sizeof target);
  if (length < 0) return errno_error("readlink " + quoted(name));
  return std::string(target, static_cast<size_t>(length));
}

// Makes what is missing, one component at a time; every look-up starts at the root and cannot leave it. A
// name that exists but leads nowhere is a dangling link: go on with its target.
Result<Fd> make_target(FdRef root, std::string path, bool directory) {
  int links = 0;
  path = clean_path("/" + path);
  std::string reached;  // exists
  Fd parent = TRY(open_in_root(root, "/", O_PATH | O_DIRECTORY));
  while (reached != path) {
    const size_t begin = reached.size() + 1;
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin), next = path.substr(0, end);
    const bool last = end == path.size();
    const bool want_directory = directory || !last;
    const int flags = O_PATH | (want_directory ? O_DIRECTORY : 0);
    Result<Fd> opened = open_in_root(root, next, flags);
    if (!opened && opened.error().errno_value == ENOENT) {
      const bool made = want_directory ? mkdirat(parent.raw(), name.c_str(), 0755) == 0
                                       : mknodat(parent.raw(), name.c_str(), S_IFREG | 0644, 0) == 0;
      if (!made && errno != EEXIST) return errno_error("make " + quoted(next) + " in the rootfs");
      // Not through a link: either it is what was just made, or somebody put a link there.
      opened = open_file(parent, name, flags | O_NOFOLLOW);
      const bool is_link =
          !opened && (opened.error().errno_value == ENOTDIR || opened.error().errno_value == ELOOP);
      struct stat status = {};
      const bool is_open_link = opened && fstat(opened->raw(), &status) == 0 &&
                                S_ISLNK(status.st_mode);  // O_PATH opens links themselves
      if (is_link || is_open_link) {
        if (++links > links_max) return Error{ELOOP, "too many links below " + quoted(next), 1};
        const std::string link = TRY(read_link_in(parent, name));
        path = absolute_path(reached.empty() ? "/" : reached, link) + path.substr(end);
        reached.clear();
        parent = TRY(open_in_root(root, "/", O_PATH | O_DIRECTORY));
        continue;
      }
    }
    parent = TRY(std::move(opened));
    reached = next;
  }
  return parent;
}

}  // namespace

Result<Fd> open_directory_target(FdRef root, const std::string& path) {
  Result<Fd> there = open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (there || there.error().errno_value != ENOENT) return there;
  return make_target(root, path, true);
}

Result<Fd> open_file_target(FdRef root, const std::string& path) {
  Result<Fd> there = open_in_root(root, path, O_PATH);
  if (there || there.error().errno_value != ENOENT) return there;
  return make_target(root, path, false);
}

}  // namespace nemoclaw::isolation
