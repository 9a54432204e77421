#include "runtime/isolation/rootfs.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

Result<void> move_and_chroot(FdRef root) {
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
