#include "runtime/oci/container_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::oci {

namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;

}  // namespace

std::string mounted_file(const Spec& spec, const std::string& bundle, std::string_view destination) {
  std::string found;
  for (const Mount& mount : spec.mounts)
    if (clean_path(mount.destination) == destination)
      found = mount.source.empty() ? "" : absolute_path(bundle, mount.source);
  return found;
}

Result<std::string> read_container_file(const std::string& host_path, const std::string& rootfs,
                                        const char* path) {
  Result<Fd> fd = Error{};
  if (!host_path.empty()) {
    fd = open_file(host_path, O_RDONLY | O_NONBLOCK);
  } else {
    const Fd root = TRY(open_file(rootfs, O_PATH | O_DIRECTORY));
    fd = open_regular_in_root(root, path);
  }
  if (!fd) {
    if (fd.error().errno_value == ENOENT) return std::string();
    return std::move(fd).error();
  }
  struct stat status;
  if (fstat(fd->raw(), &status) != 0 || !S_ISREG(status.st_mode))
    return make_error(std::string(path) + " is not a regular file");
  return TRY_CONTEXT(read_all(*fd, kFileBytesMax), path);
}

}  // namespace nemoclaw::oci
