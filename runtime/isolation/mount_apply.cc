#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string_view>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/isolation/copy_up.h"
#include "runtime/isolation/mount_plan.h"
#include "runtime/isolation/mount_target.h"

namespace nemoclaw::isolation {

namespace {

// Virtual file systems whose superblock others may share (the host's sysfs, another container's mqueue):
// read-only belongs to the mount there, never to the superblock.
bool shares_superblock(const std::string& type) {
  return type == "proc" || type == "sysfs" || type == "mqueue" || type == "devpts" || type == "cgroup2" ||
         type == "tmpfs" || type == "overlay";
}

Result<void> configure(FdRef context, const MountStep& step) {
  if (!step.source.empty()) TRY(sys::fsconfig_string(context, "source", step.source));
  if ((step.options.set & MOUNT_ATTR_RDONLY) != 0 && !shares_superblock(step.type))
    TRY(sys::fsconfig_flag(context, "ro"));
  for (const std::string& flag : step.options.superblock) TRY(sys::fsconfig_flag(context, flag));
  for (const std::string& option : step.options.data) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos)
      TRY(sys::fsconfig_flag(context, option));
    else
      TRY(sys::fsconfig_string(context, option.substr(0, equals), option.substr(equals + 1)));
  }
  if (!step.label.empty() && step.type != "proc" && step.type != "sysfs")
    TRY(sys::fsconfig_string(context, step.label_option, step.label));
  return sys::fsconfig_create(context);
}

Result<void> set_own_propagation(FdRef mount, const MountOptions& options) {
  for (const uint64_t flags : options.propagation)
    TRY(sys::mount_setattr(mount, {.propagation = flags & ~static_cast<uint64_t>(MS_REC)},
                           (flags & MS_REC) != 0));
  return {};
}

// A tmpfs over a directory of the image takes that directory's mode unless it says otherwise.
void inherit_mode(MountStep& step, FdRef target) {
  for (const std::string& option : step.options.data)
    if (option.starts_with("mode=")) return;
  struct stat status;
  if (fstat(target.raw(), &status) == 0)
    step.options.data.push_back(format("mode=%04o", status.st_mode & 07777));
}

// A user namespace may mount sysfs, proc or mqueue only if it owns the namespace that they show. The host's
// own view, bound, is then what there is; masks and flags still apply.
// procfs only where the container shares the PID namespace that the host's shows.
Result<Fd> bind_of_host(const MountStep& step, bool host_pids, const Error& cause) {
  const char* path = step.type == "sysfs"               ? "/sys"
                     : step.type == "mqueue"            ? "/dev/mqueue"
                     : step.type == "proc" && host_pids ? "/proc"
                                                        : nullptr;
  if (cause.errno_value != EPERM || !path) return cause;
  Result<Fd> tree = sys::open_tree_clone(FdRef::cwd(), path, AT_RECURSIVE);
  if (!tree) return cause;
  TRY(sys::mount_setattr(*tree, {.set = step.options.set & MOUNT_ATTR_RDONLY, .propagation = MS_SLAVE},
                         true));
  return tree;
}

Result<Fd> make_file_system(const MountStep& step, bool host_pids) {
  Result<Fd> opened = sys::fsopen(step.type);
  if (!opened) return bind_of_host(step, host_pids, opened.error());
  const Fd context = std::move(*opened);
  if (Result<void> configured = configure(context, step); !configured)
    return bind_of_host(step, host_pids, configured.error());
  Fd mount = TRY(sys::fsmount(context, step.options.set));
  const MountOptions& options = step.options;
  if ((options.recursive_set | options.recursive_clear) != 0)
    TRY(sys::mount_setattr(mount, {.set = options.recursive_set, .clear = options.recursive_clear}, true));
  return mount;
}

bool is_on_procfs(FdRef file) {
  struct statfs facts;
  return fstatfs(file.raw(), &facts) == 0 && facts.f_type == PROC_SUPER_MAGIC;
}

// What hides a part of procfs, or stands in for it, decides where the runtime's and the container's writes to it land
// (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881). Looked at where the target really is, whatever links led there. The
// exceptions are files that only inform, and that lxcfs and its like replace.
Result<void> check_procfs_target(const MountStep& step, FdRef target, bool is_procfs) {
  constexpr std::string_view replaceable[] = {
      "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo",
      "/proc/net/dev", "/proc/slabinfo",  "/proc/stat",    "/proc/swaps",
      "/proc/uptime",  "/proc/sys/crypto/fips_enabled",    "/proc/sys/kernel/ns_last_pid"};
  if (step.destination == "/proc" && !is_procfs)
    return make_error("cannot be mounted because it is not of type proc");
  if (step.destination == "/proc" || !is_on_procfs(target)) return {};
  for (const std::string_view path : replaceable)
    if (step.destination == path) return {};
  return make_error("cannot be mounted because it is inside /proc");
}

Result<void> apply_file_system(MountStep step, const MountContext& context) {
  const FdRef root = context.root;
  // CVE-2019-16884, CVE-2019-19921: /proc and /sys of the image must be plain directories, or a link in the
  // image would decide where the runtime's writes to procfs land.
  const bool kernel_view = step.type == "proc" || step.type == "sysfs";
  Result<Fd> plain = kernel_view ? open_in_root(root, step.destination, O_PATH | O_NOFOLLOW) : make_error("");
  if (plain) {
    struct stat status;
    if (fstat(plain->raw(), &status) != 0) return errno_error("fstat");
    if (!S_ISDIR(status.st_mode)) return make_error(step.type + " must be mounted on ordinary directory");
  }
  const bool existed = step.type == "tmpfs" && open_in_root(root, step.destination, O_PATH | O_DIRECTORY).has_value();
  Fd target = TRY(open_directory_target(root, step.destination));
  TRY(check_procfs_target(step, target, step.type == "proc"));
  if (existed) inherit_mode(step, target);
  const bool read_only = step.type == "tmpfs" && step.options.read_only();
  if (read_only) {
    step.options.set &= ~uint64_t{MOUNT_ATTR_RDONLY};
    step.options.recursive_set &= ~uint64_t{MOUNT_ATTR_RDONLY};
  }
  Fd mount = TRY(make_file_system(step, context.host_pids));
  if (step.options.tmpcopyup && step.type == "tmpfs") TRY_CONTEXT(copy_up(target, mount), "tmpcopyup");
  TRY(sys::move_mount(mount, target));
  TRY(set_own_propagation(mount, step.options));
  if (read_only) context.read_only_later->push_back(std::move(mount));
  return {};
}

Result<void> apply_bind(const MountStep& step, Fd tree, FdRef root) {
  struct stat status;
  if (fstat(tree.raw(), &status) != 0) return errno_error("fstat " + quoted(step.source));
  Fd target = TRY(S_ISDIR(status.st_mode) ? open_directory_target(root, step.destination)
                                          : open_file_target(root, step.destination));
  TRY(check_procfs_target(step, target, is_on_procfs(tree)));
  return sys::move_mount(tree, target);
}

Result<void> apply_remount(const MountStep& step, FdRef root) {
  Fd target = TRY(open_in_root(root, step.destination, O_PATH));
  const MountOptions& options = step.options;
  if ((options.set | options.clear) != 0)
    TRY(sys::mount_setattr(target, {.set = options.set, .clear = options.clear}, false));
  if ((options.recursive_set | options.recursive_clear) != 0)
    TRY(sys::mount_setattr(target, {.set = options.recursive_set, .clear = options.recursive_clear}, true));
  return set_own_propagation(target, options);
}

}  // namespace

namespace {

Result<uint64_t> attributes_of(FdRef mount) {
  struct statfs facts;
  if (fstatfs(mount.raw(), &facts) != 0) return errno_error("statfs");
  constexpr std::pair<uint64_t, uint64_t> known[] = {
      {ST_RDONLY, MOUNT_ATTR_RDONLY}, {ST_NOSUID, MOUNT_ATTR_NOSUID},   {ST_NODEV, MOUNT_ATTR_NODEV},
      {ST_NOEXEC, MOUNT_ATTR_NOEXEC}, {ST_NOATIME, MOUNT_ATTR_NOATIME}, {ST_NODIRATIME, MOUNT_ATTR_NODIRATIME}};
  const auto flags = static_cast<uint64_t>(facts.f_flags);
  uint64_t found = (flags & (ST_NOATIME | ST_RELATIME)) == 0 ? MOUNT_ATTR_STRICTATIME : 0;
  for (const auto& [flag, attribute] : known)
    if ((flags & flag) != 0) found |= attribute;
  return found;
}

Result<void> set_bind_attributes(FdRef tree, const MountOptions& options, bool locked) {
  if ((options.set | options.clear) == 0) return {};
  std::optional<uint64_t> source;
  if (locked) source = TRY(attributes_of(tree));
  const AttributeChange change = TRY(bind_attributes(options, source));
  Result<void> done = sys::mount_setattr(tree, {.set = change.set, .clear = change.clear}, false);
  // Also a user namespace around the runtime locks flags.
  if (!done && !locked && done.error().errno_value == EPERM) return set_bind_attributes(tree, options, true);
  return done;
}

}  // namespace

Result<Fd> open_bind_source(const MountStep& step, uint64_t default_propagation,
                            const BindContext& context) {
  const MountOptions& options = step.options;
  Fd inside;
  if (context.root.valid() && !step.source_in_root.empty())
    inside = TRY_CONTEXT(open_in_root(context.root, step.source_in_root, O_PATH), "source " + quoted(step.source));
  Fd tree =
      TRY_CONTEXT(sys::open_tree_clone(inside.valid() ? FdRef(inside) : FdRef::cwd(), inside.valid() ? "" : step.source,
                                       options.recursive_bind ? AT_RECURSIVE : 0),
                  "source " + quoted(step.source));
  TRY(sys::mount_setattr(tree, {.propagation = default_propagation}, options.recursive_bind));
  if (options.idmap) {
    Fd made;
    if (!context.users.valid()) made = TRY(make_user_namespace(step.id_map.empty() ? context.map : step.id_map));
    const FdRef mapping = made.valid() ? FdRef(made) : context.users;
    TRY_CONTEXT(sys::mount_setattr(tree, {.set = MOUNT_ATTR_IDMAP, .user_namespace = mapping},
                                   options.recursive_idmap),
                "idmap of " + quoted(step.source));
  }
  TRY(set_bind_attributes(tree, options, context.locked));
  if ((options.recursive_set | options.recursive_clear) != 0)
    TRY(sys::mount_setattr(tree, {.set = options.recursive_set, .clear = options.recursive_clear}, true));
  TRY(set_own_propagation(tree, options));
  return tree;
}

Result<void> apply_mount(const MountStep& step, size_t index, uint64_t default_propagation,
                         const MountContext& context) {
  const auto apply = [&]() -> Result<void> {
    switch (step.kind) {
      case MountKind::FileSystem:
        return apply_file_system(step, context);
      case MountKind::Remount:
        return apply_remount(step, context.root);
      case MountKind::Cgroup: {
        const CgroupMounts cgroups = TRY(context.cgroups());
        Fd target = TRY(open_directory_target(context.root, step.destination));
        TRY(check_procfs_target(step, target, false));
        return apply_cgroup_mount(step, target, cgroups);
      }
      case MountKind::Bind:
        break;
    }
    const bool opened =
        context.sources && index < context.sources->size() && (*context.sources)[index].valid();
    // A second descriptor, because the parent's list is shared with nobody but stays constant.
    const FdRef users = context.id_maps && index < context.id_maps->size() ? FdRef((*context.id_maps)[index]) : FdRef();
    Fd tree = opened ? Fd(fcntl((*context.sources)[index].raw(), F_DUPFD_CLOEXEC, 3))
                     : TRY(open_bind_source(step, default_propagation, {{}, users, context.root, context.own_users}));
    return apply_bind(step, std::move(tree), context.root);
  };
  TRY_CONTEXT(apply(), "mount " + quoted(step.destination));
  return {};
}

}  // namespace nemoclaw::isolation
