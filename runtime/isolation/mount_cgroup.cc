#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/isolation/mount_plan.h"

namespace nemoclaw::isolation {

namespace {

bool names_controller(std::string_view list, const std::string& name) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

uint64_t flags_of(const MountStep& step) { return step.options.set; }

Result<Fd> mount_v2(const MountStep& step, const CgroupMounts& cgroups) {
  Fd context = TRY(sys::fsopen("cgroup2"));
  Result<void> created = sys::fsconfig_create(context);
  if (created) return sys::fsmount(context, flags_of(step));
  // In a user namespace without a cgroup namespace of its own the kernel refuses (EPERM, EBUSY): show the
  // container's own cgroup through the host's mount instead.
  const int cause = created.error().errno_value;
  if ((cause != EPERM && cause != EBUSY) || cgroups.hierarchies.empty()) return std::move(created).error();
  const CgroupHierarchy& unified = cgroups.hierarchies.front();
  Fd tree = TRY(sys::open_tree_clone(FdRef::cwd(),
                                     unified.mount_point + cgroup_path_of(cgroups.membership, unified), 0));
  TRY(sys::mount_setattr(tree, {.set = flags_of(step), .propagation = MS_PRIVATE}, false));
  return tree;
}

Result<Fd> mount_hierarchy(const MountStep& step, const CgroupMounts& cgroups,
                           const CgroupHierarchy& hierarchy) {
  if (!cgroups.own_namespace) {
    const std::string path = hierarchy.mount_point + cgroup_path_of(cgroups.membership, hierarchy);
    Fd tree = TRY_CONTEXT(sys::open_tree_clone(FdRef::cwd(), path, 0), quoted(path));
    TRY(sys::mount_setattr(tree, {.set = flags_of(step), .propagation = MS_PRIVATE}, false));
    return tree;
  }
  Fd context = TRY(sys::fsopen("cgroup"));
  for (const std::string& controller : hierarchy.controllers) {
    if (controller.starts_with("name=")) {
      TRY(sys::fsconfig_flag(context, "none"));
      TRY(sys::fsconfig_string(context, "name", controller.substr(5)));
    } else {
      TRY(sys::fsconfig_flag(context, controller));
    }
  }
  TRY(sys::fsconfig_create(context));
  return sys::fsmount(context, flags_of(step));
}

Result<void> mount_v1(const MountStep& step, FdRef target, const CgroupMounts& cgroups) {
  Fd context = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig_string(context, "mode", "755"));
  TRY(sys::fsconfig_create(context));
  Fd top = TRY(sys::fsmount(context, flags_of(step) & ~static_cast<uint64_t>(MOUNT_ATTR_RDONLY)));
  TRY(sys::move_mount(top, target));
  for (const CgroupHierarchy& hierarchy : cgroups.hierarchies) {
    if (hierarchy.controllers.empty()) continue;  // the v2 part of a hybrid host
    const std::string name(base_name(hierarchy.mount_point));
    if (mkdirat(top.raw(), name.c_str(), 0755) != 0) return errno_error("mkdir " + quoted(name));
    Fd place = TRY(open_file(top, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    Fd mount = TRY_CONTEXT(mount_hierarchy(step, cgroups, hierarchy), name);
    TRY_CONTEXT(sys::move_mount(mount, place), name);
  }
  for (const auto& [link, to] : cgroup_links(cgroups.hierarchies))
    if (symlinkat(to.c_str(), top.raw(), link.c_str()) != 0) return errno_error("symlink " + quoted(link));
  // Only now: the directories above had to be made first.
  if (step.options.read_only()) TRY(sys::mount_setattr(top, {.set = MOUNT_ATTR_RDONLY}, false));
  return {};
}

}  // namespace

std::string cgroup_path_of(std::string_view membership, const CgroupHierarchy& hierarchy) {
  while (!membership.empty()) {
    const std::string_view line = membership.substr(0, membership.find('\n'));
    membership.remove_prefix(std::min(line.size() + 1, membership.size()));
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view list = line.substr(first + 1, second - first - 1);
    const bool match =
        hierarchy.controllers.empty() ? list.empty() : names_controller(list, hierarchy.controllers[0]);
    if (match) return std::string(line.substr(second + 1));
  }
  return "/";
}

std::vector<std::pair<std::string, std::string>> cgroup_links(
    const std::vector<CgroupHierarchy>& hierarchies) {
  std::vector<std::pair<std::string, std::string>> links;
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    const std::string name(base_name(hierarchy.mount_point));
    if (name.find(',') == std::string::npos) continue;
    for (const std::string& controller : hierarchy.controllers)
      if (names_controller(name, controller)) links.emplace_back(controller, name);
  }
  return links;
}

Result<void> apply_cgroup_mount(const MountStep& step, FdRef target, const CgroupMounts& cgroups) {
  if (cgroups.unified || step.type == "cgroup2") {
    Fd mount = TRY(mount_v2(step, cgroups));
    return sys::move_mount(mount, target);
  }
  return mount_v1(step, target, cgroups);
}

}  // namespace nemoclaw::isolation
