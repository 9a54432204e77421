#include "runtime/base/path.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "runtime/base/file.h"

namespace nemoclaw {

std::string clean_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty() && parts.back() != "..")
        parts.pop_back();
      else if (!absolute)
        parts.push_back(part);
      continue;
    }
    parts.push_back(part);
  }
  std::string out = absolute ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

std::string absolute_path(std::string_view base, std::string_view path) {
  if (path.starts_with('/')) return clean_path(path);
  return clean_path(std::string(base) + "/" + std::string(path));
}

bool path_is_below(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return path.starts_with('/');
  return path.starts_with(ancestor) && (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string directory_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<Fd> open_in_root(FdRef root, std::string_view path, int flags, mode_t mode) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  std::string inside(path);
  if (inside.empty()) inside = "/";
  for (int attempt = 0;; ++attempt) {
    const long raw = syscall(SYS_openat2, root.raw(), inside.c_str(), &how, sizeof how);
    if (raw >= 0) return Fd(static_cast<int>(raw));
    // EAGAIN: a rename or mount raced with the walk; the kernel asks for another try (openat2(2)).
    if (errno == EINTR || (errno == EAGAIN && attempt < 64)) continue;
    return errno_error("open " + quoted(path) + " in the rootfs");
  }
}

Result<Fd> open_regular_in_root(FdRef root, std::string_view path) {
  const Fd found = TRY(open_in_root(root, path, O_PATH));
  struct stat status;
  if (fstat(found.raw(), &status) != 0) return errno_error("stat " + quoted(path));
  if (!S_ISREG(status.st_mode)) return make_error(quoted(path) + " is not a regular file");
  return open_file(fd_path(found), O_RDONLY | O_NOCTTY);
}

Result<Fd> make_directories_in_root(FdRef root, std::string_view path, mode_t mode) {
  if (Result<Fd> there = open_in_root(root, path, O_PATH | O_DIRECTORY); there || there.error().errno_value != ENOENT)
    return there;
  // Walk down from the deepest part that exists. Each component is resolved in root, so links are followed safely.
  const std::string cleaned = clean_path("/" + std::string(path));
  std::string reached = "/";
  Fd directory = TRY(open_in_root(root, "/", O_PATH | O_DIRECTORY));
  size_t begin = 1;
  while (begin < cleaned.size()) {
    size_t end = cleaned.find('/', begin);
    if (end == std::string::npos) end = cleaned.size();
    const std::string part = cleaned.substr(begin, end - begin);
    const std::string next = reached == "/" ? "/" + part : reached + "/" + part;
    Result<Fd> opened = open_in_root(root, next, O_PATH | O_DIRECTORY);
    if (!opened && opened.error().errno_value == ENOENT) {
      if (mkdirat(directory.raw(), part.c_str(), mode) != 0 && errno != EEXIST)
        return errno_error("mkdir " + quoted(next) + " in the rootfs");
      opened = open_in_root(root, next, O_PATH | O_DIRECTORY);
    }
    directory = TRY(std::move(opened));
    reached = next;
    begin = end + 1;
  }
  return directory;
}

Result<Fd> make_file_in_root(FdRef root, std::string_view path, mode_t mode) {
  if (Result<Fd> there = open_in_root(root, path, O_PATH); there || there.error().errno_value != ENOENT) return there;
  const std::string cleaned = clean_path("/" + std::string(path));
  Fd parent = TRY(make_directories_in_root(root, directory_name(cleaned), 0755));
  const std::string name(base_name(cleaned));
  Fd created = TRY(open_file(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode));
  created.reset();
  return open_file(parent, name, O_PATH | O_NOFOLLOW);
}

std::string fd_path(FdRef fd) { return "/proc/self/fd/" + std::to_string(fd.raw()); }

Result<std::string> real_path_of(FdRef fd) {
  std::string target(4096, '\0');
  const ssize_t length = readlink(fd_path(fd).c_str(), target.data(), target.size());
  if (length < 0) return errno_error("readlink " + fd_path(fd));
  target.resize(static_cast<size_t>(length));
  return target;
}

}  // namespace nemoclaw
