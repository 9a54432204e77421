#include "runtime/isolation/copy_up.h"

#include <dirent.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"

namespace nemoclaw::isolation {

namespace {

constexpr int depth_max = 128;

Result<void> copy_directory(FdRef from, FdRef to, int depth);

Result<void> take_owner_and_mode(FdRef to, const struct stat& status) {
  if (fchown(to.raw(), status.st_uid, status.st_gid) != 0 && errno != EPERM && errno != EINVAL)
    return errno_error("chown");
  if (fchmod(to.raw(), status.st_mode & 07777) != 0) return errno_error("chmod");
  return {};
}

Result<void> copy_file(FdRef from, FdRef to, const std::string& name, const struct stat& status) {
  Fd source = TRY(open_file(from, name, O_RDONLY | O_NOFOLLOW));
  Fd copy = TRY(open_file(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  ssize_t moved;
  while ((moved = sendfile(copy.raw(), source.raw(), nullptr, 1 << 20)) > 0) {
  }
  if (moved < 0) return errno_error("copy");
  return take_owner_and_mode(copy, status);
}

Result<void> copy_link(FdRef from, FdRef to, const std::string& name, const struct stat& status) {
  char target[PATH_MAX + 1];
  const ssize_t length = readlinkat(from.raw(), name.c_str(), target, PATH_MAX);
  if (length < 0) return errno_error("readlink");
  target[length] = '\0';
  if (symlinkat(target, to.raw(), name.c_str()) != 0) return errno_error("symlink");
  if (fchownat(to.raw(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0 &&
      errno != EPERM)
    return errno_error("chown");
  return {};
}

Result<void> copy_entry(FdRef from, FdRef to, const std::string& name, int depth) {
  struct stat status;
  if (fstatat(from.raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return errno_error("stat");
  if (S_ISREG(status.st_mode)) return copy_file(from, to, name, status);
  if (S_ISLNK(status.st_mode)) return copy_link(from, to, name, status);
  if (!S_ISDIR(status.st_mode)) return {};
  if (mkdirat(to.raw(), name.c_str(), 0700) != 0) return errno_error("mkdir");
  Fd inner = TRY(open_file(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  Fd copy = TRY(open_file(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(copy_directory(inner, copy, depth + 1));
  return take_owner_and_mode(copy, status);
}

Result<void> copy_directory(FdRef from, FdRef to, int depth) {
  if (depth > depth_max) return make_error("directories nested too deep");
  Fd readable = TRY(open_file(from, ".", O_RDONLY | O_DIRECTORY));
  DIR* stream = fdopendir(readable.raw());
  if (!stream) return errno_error("list");
  readable.release();  // closedir owns it now
  Defer close_stream([&] { closedir(stream); });
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    TRY_CONTEXT(copy_entry(from, to, name, depth), quoted(name));
  }
  return {};
}

}  // namespace

Result<void> copy_up(FdRef from, FdRef to) { return copy_directory(from, to, 0); }

}  // namespace nemoclaw::isolation
