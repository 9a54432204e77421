#include "runtime/isolation/rootfs.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/isolation/mount_option.h"

namespace nemoclaw::isolation {

Result<RootfsPlan> plan_rootfs(const oci::Spec& spec, const std::string& rootfs, bool no_pivot) {
  RootfsPlan plan;
  plan.path = rootfs;
  plan.readonly = spec.root.readonly;
  plan.no_pivot = no_pivot;
  plan.namespace_propagation = MS_SLAVE | MS_REC;
  const std::string& asked = spec.linux_.rootfs_propagation;
  if (asked.empty()) return plan;
  const uint64_t flags = propagation_flags(asked);
  if (flags == 0)
    return make_error("linux.rootfsPropagation: unknown value " + quoted(asked) +
                      "; use shared, slave, private or unbindable, or their forms with r");
  plan.final_propagation = flags;
  // The namespace itself must not be unbindable, or the rootfs could not be mounted onto itself.
  if ((flags & MS_UNBINDABLE) == 0) plan.namespace_propagation = flags | MS_REC;
  return plan;
}

namespace {

// The mount that holds `path` made private, so that what is attached below it shows nowhere else and
// pivot_root(2) takes it. Only that one: volumes that are shared with the host on purpose stay so.
Result<void> make_parent_private(std::string path) {
  for (;;) {
    if (mount(nullptr, path.c_str(), nullptr, MS_PRIVATE, nullptr) == 0) return {};
    // EINVAL: no mount point, look further up.
    if (errno != EINVAL || path == "/") return errno_error("make the mount of the rootfs private");
    path = directory_name(path);
  }
}

}  // namespace

namespace {

// In the host's mount namespace. Private throughout, so that no mount of the container's spreads from it.
Result<Fd> attach_rootfs(const RootfsPlan& plan) {
  Fd source = TRY(open_file(plan.path, O_PATH | O_DIRECTORY));
  if (mkdir(plan.attach_at.c_str(), 0700) != 0) return errno_error("mkdir " + quoted(plan.attach_at));
  Fd target = TRY(open_file(plan.attach_at, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  Fd root = TRY_CONTEXT(sys::open_tree_clone(source, "", AT_RECURSIVE), "rootfs " + quoted(plan.path));
  TRY(sys::mount_setattr(root, {.propagation = MS_PRIVATE}, true));
  TRY_CONTEXT(sys::move_mount(root, target), "rootfs " + quoted(plan.path));
  return root;
}

}  // namespace

Result<Fd> prepare_rootfs(const RootfsPlan& plan) {
  if (!plan.attach_at.empty()) return attach_rootfs(plan);
  TRY(sys::set_propagation("/", plan.namespace_propagation));
  Fd target = TRY(open_file(plan.path, O_PATH | O_DIRECTORY));
  const bool shared = (plan.namespace_propagation & MS_SHARED) != 0;
  if (shared) {
    const std::string path = TRY(real_path_of(target));
    TRY(make_parent_private(path));
  }
  Fd root = TRY_CONTEXT(sys::open_tree_clone(target, "", AT_RECURSIVE), "rootfs " + quoted(plan.path));
  // A clone of a shared mount is shared itself, and pivot_root(2) refuses that, too.
  if (shared) TRY(sys::mount_setattr(root, {.propagation = MS_PRIVATE}, false));
  TRY_CONTEXT(sys::move_mount(root, target), "rootfs " + quoted(plan.path));
  return root;
}

namespace {

Result<void> pivot() {
  // pivot_root(2), "pivot_root(".", ".")": the old root ends up stacked over the new one and needs no
  // directory in it.
  Fd old_root = TRY(open_file("/", O_PATH | O_DIRECTORY));
  if (syscall(SYS_pivot_root, ".", ".") != 0) return errno_error("pivot_root");
  // By its descriptor, because "." is still the new root for mount(2).
  if (fchdir(old_root.raw()) != 0) return errno_error("chdir to the host's root");
  // Slave first: detaching it must not detach the host's mounts.
  TRY(sys::set_propagation(".", MS_SLAVE | MS_REC));
  if (umount2(".", MNT_DETACH) != 0) return errno_error("detach the host's root");
  return {};
}

// Field `index` of a line of mountinfo, with its octal escapes resolved.
std::string mountinfo_field(std::string_view line, int index) {
  for (; index > 0; --index) {
    const size_t space = line.find(' ');
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  }
  std::string text;
  for (size_t i = 0; i < line.size() && line[i] != ' '; ++i) {
    if (line[i] == '\\' && i + 3 < line.size()) {
      text += static_cast<char>((line[i + 1] - '0') * 64 + (line[i + 2] - '0') * 8 + (line[i + 3] - '0'));
      i += 3;
    } else {
      text += line[i];
    }
  }
  return text;
}

// Without pivot_root the host's mounts stay in the namespace, only out of reach. As long as its procfs is among them, a
// user namespace made inside may mount one with nothing masked (mount_namespaces(7)).
Result<void> hide_host_kernel_views(const std::string& rootfs) {
  const std::string mounts = TRY(read_file("/proc/self/mountinfo", size_t{16} << 20));
  for (std::string_view rest = mounts; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const std::string type = mountinfo_field(line.substr(dash + 3), 0), point = mountinfo_field(line, 4);
    if ((type != "proc" && type != "sysfs") || path_is_below(point, rootfs)) continue;
    // What goes here must not go on the host.
    if (mount(nullptr, point.c_str(), nullptr, MS_SLAVE | MS_REC, nullptr) != 0) continue;  // went with another
    if (umount2(point.c_str(), MNT_DETACH) == 0) continue;
    // Locked by a user namespace around us: covered then.
    if (mount("tmpfs", point.c_str(), "tmpfs", MS_RDONLY, "size=0") != 0)
      return errno_error("hide the host's " + quoted(point) + " (--no-pivot)");
  }
  return {};
}

Result<void> move_and_chroot(FdRef root) {
  const std::string path = TRY(real_path_of(root));
  TRY(hide_host_kernel_views(path));
  Fd top = TRY(open_file("/", O_PATH | O_DIRECTORY));
  TRY(sys::move_mount(root, top));
  if (chroot(".") != 0) return errno_error("chroot");
  return {};
}

}  // namespace

Result<void> enter_rootfs(const RootfsPlan& plan, FdRef root) {
  if (fchdir(root.raw()) != 0) return errno_error("chdir to the rootfs");
  if (!plan.attach_at.empty()) {
    if (chroot(".") != 0) return errno_error("chroot");
  } else {
    TRY(plan.no_pivot ? move_and_chroot(root) : pivot());
  }
  if (chdir("/") != 0) return errno_error("chdir /");
  return {};
}

Result<void> seal_rootfs(const RootfsPlan& plan) {
  if (plan.final_propagation != 0 && plan.attach_at.empty()) TRY(sys::set_propagation("/", plan.final_propagation));
  if (!plan.readonly) return {};
  Fd root = TRY(open_file("/", O_PATH | O_DIRECTORY));
  return sys::mount_setattr(root, {.set = MOUNT_ATTR_RDONLY}, false);
}

}  // namespace nemoclaw::isolation
