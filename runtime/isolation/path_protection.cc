#include "runtime/isolation/path_protection.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <optional>

#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"

namespace nemoclaw::isolation {

namespace {

// nullopt: nothing is there.
Result<std::optional<Fd>> open_existing(FdRef root, const std::string& path) {
  Result<Fd> opened = open_in_root(root, path, O_PATH);
  if (opened) return std::optional<Fd>(std::move(*opened));
  const int cause = opened.error().errno_value;
  if (cause == ENOENT || cause == ENOTDIR) return std::optional<Fd>();
  return std::move(opened).error();
}

Result<Fd> null_device() {
  Fd null = TRY(sys::open_tree_clone(FdRef::cwd(), "/dev/null", AT_SYMLINK_NOFOLLOW));
  struct stat status;
  if (fstat(null.raw(), &status) != 0) return errno_error("fstat /dev/null");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
    return make_error("the host's /dev/null is not the null device");
  TRY(sys::mount_setattr(null, {.propagation = MS_PRIVATE}, false));
  return null;
}

Result<Fd> empty_directory() {
  Fd context = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig_string(context, "mode", "755"));
  TRY(sys::fsconfig_string(context, "nr_inodes", "2"));
  TRY(sys::fsconfig_create(context));
  return sys::fsmount(context, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

}  // namespace

Result<void> apply_masked_paths(const oci::Strings& paths, FdRef root) {
  // One tmpfs and one view of the null device for all: attached once, then cloned.
  Fd directory, null;
  for (const std::string& path : paths) {
    const auto mask = [&]() -> Result<void> {
      std::optional<Fd> target = TRY(open_existing(root, path));
      if (!target) return {};
      struct stat status;
      if (fstat(target->raw(), &status) != 0) return errno_error("fstat");
      const bool is_directory = S_ISDIR(status.st_mode);
      Fd& cover = is_directory ? directory : null;
      if (!cover.valid()) {
        cover = TRY(is_directory ? empty_directory() : null_device());
        return sys::move_mount(cover, *target);
      }
      Fd again = TRY(sys::open_tree_clone(cover, "", 0));
      return sys::move_mount(again, *target);
    };
    TRY_CONTEXT(mask(), "mask " + quoted(path));
  }
  return {};
}

Result<void> apply_readonly_paths(const oci::Strings& paths, FdRef root) {
  for (const std::string& path : paths) {
    const auto protect = [&]() -> Result<void> {
      std::optional<Fd> target = TRY(open_existing(root, path));
      if (!target) return {};
      Fd tree = TRY(sys::open_tree_clone(*target, "", AT_RECURSIVE));
      TRY(sys::mount_setattr(tree, {.set = MOUNT_ATTR_RDONLY}, true));
      return sys::move_mount(tree, *target);
    };
    TRY_CONTEXT(protect(), "make " + quoted(path) + " read-only");
  }
  return {};
}

}  // namespace nemoclaw::isolation
