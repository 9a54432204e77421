#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/isolation/device_plan.h"
#include "runtime/isolation/mount_target.h"

namespace nemoclaw::isolation {

namespace {

bool is_node(const struct stat& status, const DeviceNode& node) {
  return (status.st_mode & S_IFMT) == (node.mode & S_IFMT) &&
         (S_ISFIFO(node.mode) || status.st_rdev == makedev(node.major, node.minor));
}

// The host's node of the same path, verified through the descriptor that is then mounted.
Result<void> bind_node(const DeviceNode& node, FdRef root) {
  Fd tree = TRY(sys::open_tree_clone(FdRef::cwd(), node.path, AT_SYMLINK_NOFOLLOW));
  struct stat status;
  if (fstat(tree.raw(), &status) != 0) return errno_error("fstat");
  if (!is_node(status, node))
    return make_error(
        format("the host's node is not the device %u:%u that was asked for", node.major, node.minor));
  Fd target = TRY(open_file_target(root, node.path));
  return sys::move_mount(tree, target);
}

Result<void> make_node(const DeviceNode& node, FdRef root) {
  Fd parent = TRY(open_directory_target(root, directory_name(node.path)));
  const std::string name(base_name(node.path));
  if (mknodat(parent.raw(), name.c_str(), node.mode, makedev(node.major, node.minor)) != 0) {
    if (errno == EPERM) return bind_node(node, root);  // nested in a container that may not mknod
    if (errno != EEXIST) return errno_error("mknod");
    struct stat status;
    if (fstatat(parent.raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return errno_error("stat");
    if (!is_node(status, node)) return make_error("the image has something else at this path");
    return {};
  }
  // Another container that shares this directory may have put a link there meanwhile, which would lead to the host's
  // files: the mode is that of the node, and of nothing else.
  const Fd made = TRY(open_file(parent, name, O_PATH | O_NOFOLLOW));
  struct stat status;
  if (fstat(made.raw(), &status) != 0) return errno_error("stat");
  if (!is_node(status, node)) return make_error("it was replaced while it was made");
  if (chmod(fd_path(made).c_str(), node.mode & 07777) != 0) return errno_error("chmod");
  if ((node.uid != 0 || node.gid != 0) &&
      fchownat(parent.raw(), name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error("chown");
  return {};
}

Result<void> make_link(const std::string& path, const std::string& target, FdRef root) {
  Fd parent = TRY(open_directory_target(root, directory_name(path)));
  const std::string name(base_name(path));
  if (symlinkat(target.c_str(), parent.raw(), name.c_str()) == 0) return {};
  if (errno != EEXIST) return errno_error("symlink");
  if (path != "/dev/ptmx") return {};
  // ptmx of the image would be another devpts instance's door; ours must win. An equal link is left alone, so
  // that a read-only /dev that is already right works.
  char there[PATH_MAX];
  const ssize_t length = readlinkat(parent.raw(), name.c_str(), there, sizeof there);
  if (length >= 0 && std::string_view(there, static_cast<size_t>(length)) == target) return {};
  if (unlinkat(parent.raw(), name.c_str(), 0) != 0) return errno_error("remove the image's ptmx");
  if (symlinkat(target.c_str(), parent.raw(), name.c_str()) != 0) return errno_error("symlink");
  return {};
}

}  // namespace

Result<void> apply_devices(const DevicePlan& plan, FdRef root) {
  if (!plan.wanted) return {};
  for (const DeviceNode& node : plan.nodes)
    TRY_CONTEXT(plan.bind ? bind_node(node, root) : make_node(node, root), "device " + quoted(node.path));
  for (const auto& [path, target] : plan.links)
    TRY_CONTEXT(make_link(path, target, root), "link " + quoted(path));
  return {};
}

}  // namespace nemoclaw::isolation
