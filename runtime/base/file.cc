#include "runtime/base/file.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/defer.h"

namespace nemoclaw {

Result<Fd> open_file(FdRef directory, const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int raw = openat(directory.raw(), path.c_str(), flags | O_CLOEXEC, mode);
    if (raw >= 0) return Fd(raw);
    if (errno != EINTR) return errno_error("open " + quoted(path));
  }
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
  return open_file(FdRef::cwd(), path, flags, mode);
}

Result<std::string> read_all(FdRef fd, size_t bytes_max) {
  std::string data;
  size_t used = 0;
  struct stat status;
  // procfs and cgroupfs say 0: such a file needs a buffer for all of it, because a sysctl that is read in two parts
  // gives nothing for the second.
  if (fstat(fd.raw(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    if (static_cast<size_t>(status.st_size) > bytes_max)
      return Error{EFBIG, format("file of %lld bytes is larger than the limit of %zu", static_cast<long long>(status.st_size), bytes_max), 1};
    data.resize(static_cast<size_t>(status.st_size) + 1);  // +1: one read finds the end too
  }
  for (;;) {
    if (used == data.size()) data.resize(std::max<size_t>(4096, data.size() * 2));
    const ssize_t got = read(fd.raw(), data.data() + used, data.size() - used);
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno_error("read");
    }
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used > bytes_max) return Error{EFBIG, format("more than %zu bytes", bytes_max), 1};
  }
  data.resize(used);
  return data;
}

Result<std::string> read_file_at(FdRef directory, const std::string& path, size_t bytes_max) {
  Fd fd = TRY(open_file(directory, path, O_RDONLY));
  return TRY_CONTEXT(read_all(fd, bytes_max), quoted(path));
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  return read_file_at(FdRef::cwd(), path, bytes_max);
}

Result<void> write_all(FdRef fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = write(fd.raw(), data.data(), data.size());
    if (put < 0) {
      if (errno == EINTR) continue;
      return errno_error("write");
    }
    data.remove_prefix(static_cast<size_t>(put));
  }
  return {};
}

Result<void> write_file_at(FdRef directory, const std::string& path, std::string_view data) {
  Fd fd = TRY(open_file(directory, path, O_WRONLY));
  ssize_t put;
  do put = write(fd.raw(), data.data(), data.size());
  while (put < 0 && errno == EINTR);
  if (put < 0) return errno_error("write " + quoted(data, 64) + " to " + quoted(path));
  if (static_cast<size_t>(put) != data.size()) return make_error("short write to " + quoted(path));
  return {};
}

Result<void> write_file(const std::string& path, std::string_view data) {
  return write_file_at(FdRef::cwd(), path, data);
}

Result<void> write_file_atomic(const std::string& path, std::string_view data, mode_t mode) {
  const std::string temporary = format("%s.%d.tmp", path.c_str(), static_cast<int>(getpid()));
  Fd fd = TRY(open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  Defer remove([&] { unlink(temporary.c_str()); });
  TRY_CONTEXT(write_all(fd, data), quoted(path));
  fd.reset();
  if (rename(temporary.c_str(), path.c_str()) != 0) return errno_error("rename to " + quoted(path));
  remove.dismiss();
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT) return errno_error("mkdir " + quoted(path));
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (mkdir(parent.c_str(), mode) != 0 && errno != EEXIST) return errno_error("mkdir " + quoted(parent));
  }
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return errno_error("mkdir " + quoted(path));
  return {};
}

namespace {

Result<void> remove_entry(FdRef directory, const std::string& name) {
  if (unlinkat(directory.raw(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return errno_error("remove " + quoted(name));
  Fd inner = TRY(open_file(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  DIR* stream = fdopendir(dup(inner.raw()));
  if (!stream) return errno_error("list " + quoted(name));
  Defer close_stream([&] { closedir(stream); });
  while (dirent* entry = readdir(stream)) {
    const std::string child = entry->d_name;
    if (child == "." || child == "..") continue;
    TRY_CONTEXT(remove_entry(inner, child), name);
  }
  if (unlinkat(directory.raw(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return errno_error("remove " + quoted(name));
  return {};
}

}  // namespace

Result<void> remove_tree(const std::string& path) { return remove_entry(FdRef::cwd(), path); }

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* stream = opendir(path.c_str());
  if (!stream) return errno_error("list " + quoted(path));
  Defer close_stream([&] { closedir(stream); });
  std::vector<std::string> names;
  while (dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<void> set_cloexec(FdRef fd, bool on) {
  const int flags = fcntl(fd.raw(), F_GETFD);
  if (flags < 0) return errno_error("fcntl F_GETFD");
  if (fcntl(fd.raw(), F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) < 0)
    return errno_error("fcntl F_SETFD");
  return {};
}

}  // namespace nemoclaw
