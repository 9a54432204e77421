#include "runtime/init/integrity.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "runtime/base/path.h"
#include "runtime/base/sha256.h"

namespace nemoclaw::init {
namespace {

// A tree made to be walked for ever must not stop the runtime.
constexpr unsigned kDepthMax = 32;
constexpr size_t kEntriesMax = 100'000;

Result<std::string> digest_of(FdRef file) {
  Sha256 sha;
  char chunk[64 << 10];
  for (;;) {
    const ssize_t got = read(file.raw(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read");
    if (got == 0) return sha.finish();
    sha.update({chunk, static_cast<size_t>(got)});
  }
}

class LinkCheck {
 public:
  LinkCheck(FdRef root, FdRef proc) : root_(root), proc_(proc) {}

  Result<std::string> path_of(FdRef fd) const {
    char path[PATH_MAX];
    const std::string link = "self/fd/" + std::to_string(fd.raw());
    const ssize_t length = readlinkat(proc_.raw(), link.c_str(), path, sizeof path);
    if (length < 0) return errno_error("find out where a link leads");
    return std::string(path, static_cast<size_t>(length));
  }
  void allow(std::string path) { allowed_ = std::move(path); }

  Result<void> directory(const std::string& path, unsigned depth) {
    if (depth > kDepthMax) return make_error(quoted(path) + " is nested too deeply to be checked");
    Fd fd = TRY_CONTEXT(open_in_root(root_, path, O_RDONLY | O_DIRECTORY), quoted(path));
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(fd.raw()), closedir);
    if (!entries) return errno_error("list " + quoted(path));
    static_cast<void>(fd.release());  // closedir closes it
    errno = 0;
    while (const dirent* entry = readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") TRY(judge(dirfd(entries.get()), name, path, depth));
      errno = 0;
    }
    if (errno != 0) return errno_error("list " + quoted(path));
    return {};
  }

 private:
  Result<void> judge(int parent, const std::string& name, const std::string& path, unsigned depth) {
    if (++seen_ > kEntriesMax) return make_error(quoted(path) + " holds too many files to be checked");
    const std::string inside = (path == "/" ? "" : path) + "/" + name;
    struct stat status;
    if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return errno_error(quoted(inside));
    if (S_ISLNK(status.st_mode)) return link(inside);
    return S_ISDIR(status.st_mode) ? directory(inside, depth + 1) : Result<void>();
  }

  Result<void> link(const std::string& path) {
    const Fd target = TRY_CONTEXT(open_in_root(root_, path, O_PATH), "link " + quoted(path));
    const std::string leads_to = TRY(path_of(target));
    if (path_is_below(leads_to, allowed_)) return {};
    return make_error("link " + quoted(path) + " leads to " + quoted(leads_to) + ", which is not below " +
                      quoted(allowed_));
  }

  FdRef root_, proc_;
  std::string allowed_;
  size_t seen_ = 0;
};

}  // namespace

Result<void> check_file(FdRef root, const oci::IntegrityFile& expected) {
  const std::string what = "integrity: " + quoted(expected.path);
  const Fd file = TRY_CONTEXT(open_in_root(root, expected.path, O_RDONLY | O_NONBLOCK | O_NOCTTY), what);
  struct stat status;
  if (fstat(file.raw(), &status) != 0) return errno_error(what);
  if (!S_ISREG(status.st_mode)) return make_error(what + " is not a regular file");
  const std::string found = TRY_CONTEXT(digest_of(file), what);
  if (found == expected.sha256) return {};
  return make_error(what + " has the SHA-256 " + found + ", but the policy expects " + expected.sha256 +
                    "; put the right file there, or correct integrity.files");
}

Result<void> check_links(FdRef root, FdRef proc, const oci::IntegrityLinks& expected) {
  const std::string what = "integrity: links of " + quoted(expected.directory);
  LinkCheck check(root, proc);
  const Fd allowed = TRY_CONTEXT(open_in_root(root, expected.must_point_into, O_PATH | O_DIRECTORY),
                                 what + ": must_point_into " + quoted(expected.must_point_into));
  check.allow(TRY_CONTEXT(check.path_of(allowed), what));
  TRY_CONTEXT(check.directory(expected.directory, 0), what);
  return {};
}

}  // namespace nemoclaw::init
