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

// The host's node of the same path, or the one that the parent made, verified through the descriptor that is then
// mounted.
Result<void> bind_node(const DeviceNode& node, FdRef root, FdRef made = {}) {
  Fd tree;
  if (made.valid())
    tree = Fd(fcntl(made.raw(), F_DUPFD_CLOEXEC, 3));
  else
    tree = TRY(sys::open_tree_clone(FdRef::cwd(), node.path, AT_SYMLINK_NOFOLLOW));
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

id_t host_id(const std::vector<oci::IdMapping>& map, id_t inside) {
  for (const oci::IdMapping& each : map)
    if (inside >= each.container_id && inside - each.container_id < each.size)
      return static_cast<id_t>(each.host_id + (inside - each.container_id));
  return 0;
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

// That directory may be on a file system without devices: the mount is not.
Result<Fd> make_node_to_bind(const DeviceNode& node, FdRef parent, const std::string& name, const IdMapPlan& ids) {
  if (mknodat(parent.raw(), name.c_str(), node.mode, makedev(node.major, node.minor)) != 0) return errno_error("mknod");
  if (fchmodat(parent.raw(), name.c_str(), node.mode & 07777, 0) != 0) return errno_error("chmod");
  if (fchownat(parent.raw(), name.c_str(), host_id(ids.uid, node.uid), host_id(ids.gid, node.gid), AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error("chown");
  Fd tree = TRY(sys::open_tree_clone(parent, name, AT_SYMLINK_NOFOLLOW));
  TRY(sys::mount_setattr(tree, {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, .clear = MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE},
                         false));
  return tree;
}

}  // namespace

Result<std::vector<Fd>> make_nodes_to_bind(const DevicePlan& plan, const std::string& directory, const IdMapPlan& ids) {
  std::vector<Fd> made(plan.nodes.size());
  Fd parent;
  for (size_t i = 0; plan.wanted && plan.bind && i < plan.nodes.size(); ++i) {
    const DeviceNode& node = plan.nodes[i];
    struct stat status;
    if (lstat(node.path.c_str(), &status) == 0 && is_node(status, node)) continue;
    if (!parent.valid()) {
      TRY(make_directories(directory, 0700));
      parent = TRY(open_file(directory, O_PATH | O_DIRECTORY));
    }
    made[i] = TRY_CONTEXT(make_node_to_bind(node, parent, std::to_string(i), ids), "device " + quoted(node.path));
  }
  return made;
}

Result<void> apply_devices(const DevicePlan& plan, FdRef root, const std::vector<Fd>& made) {
  if (!plan.wanted) return {};
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    const DeviceNode& node = plan.nodes[i];
    const FdRef source = i < made.size() ? FdRef(made[i]) : FdRef();
    TRY_CONTEXT(plan.bind ? bind_node(node, root, source) : make_node(node, root), "device " + quoted(node.path));
  }
  for (const auto& [path, target] : plan.links)
    TRY_CONTEXT(make_link(path, target, root), "link " + quoted(path));
  return {};
}

}  // namespace nemoclaw::isolation
