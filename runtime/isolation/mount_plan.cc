#include "runtime/isolation/mount_plan.h"

#include <sys/mount.h>

#include <algorithm>

#include "runtime/base/path.h"

namespace nemoclaw::isolation {

namespace {

Result<MountStep> plan_mount(const oci::Spec& spec, const oci::Mount& mount, const std::string& bundle,
                             const std::string& rootfs, const std::string& at) {
  MountStep step;
  if (mount.destination.empty()) return make_error(at + ".destination: is missing");
  step.destination = clean_path("/" + mount.destination);
  if (step.destination == "/")
    return make_error(at + ".destination: '/' cannot be mounted over; use root.path");
  step.type = mount.type;
  step.options = parse_mount_options(mount.options);
  if (step.options.remount) {
    step.kind = MountKind::Remount;
  } else if (step.options.bind || mount.type == "bind" || mount.type == "rbind") {
    step.kind = MountKind::Bind;
    step.options.recursive_bind |= mount.type == "rbind";
    if (mount.source.empty()) return make_error(at + ".source: a bind mount needs one");
    step.source = absolute_path(bundle, mount.source);
    if (!rootfs.empty() && step.source != rootfs && path_is_below(step.source, rootfs))
      step.source_in_root = step.source.substr(rootfs.size());
  } else if (mount.type == "cgroup" || mount.type == "cgroup2") {
    step.kind = MountKind::Cgroup;
  } else {
    if (mount.type.empty()) return make_error(at + ".type: is missing");
    step.source = mount.source;
    step.label = spec.linux_.mount_label;
    // crun's annotation: which of the four kinds of context the label is.
    if (const std::string* kind = spec.find_annotation("run.oci.mount_context_type"))
      if (*kind == "context" || *kind == "fscontext" || *kind == "defcontext" || *kind == "rootcontext")
        step.label_option = *kind;
  }
  step.id_map = {mount.uid_mappings, mount.gid_mappings};
  if (step.id_map.uid.empty() != step.id_map.gid.empty())
    return make_error(at + ": uidMappings and gidMappings must come together");
  const oci::Namespace* users = spec.linux_.find_namespace("user");
  if (step.options.idmap && step.id_map.empty() && spec.linux_.uid_mappings.empty() && !(users && !users->path.empty()))
    return make_error(at + ".options: 'idmap' needs uidMappings and gidMappings, here or in linux");
  if (!step.id_map.empty()) step.options.idmap = true;
  if (step.options.idmap && step.kind != MountKind::Bind)
    return make_error(at + ": only bind mounts can be idmapped");
  return step;
}

// The propagation that "/" gets in the container's mount namespace; slave keeps what is mounted inside from
// leaking out, and lets the host's later mounts in, as runc does.
uint64_t root_propagation(const oci::Linux& linux_) {
  const uint64_t asked = propagation_flags(linux_.rootfs_propagation);
  return (asked == 0 ? static_cast<uint64_t>(MS_SLAVE) : asked) & ~static_cast<uint64_t>(MS_REC);
}

}  // namespace

Result<MountPlan> plan_mounts(const oci::Spec& spec, const std::string& bundle, const std::string& rootfs) {
  MountPlan plan;
  plan.default_propagation = root_propagation(spec.linux_);
  std::vector<MountStep> late;
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    MountStep step = TRY(plan_mount(spec, spec.mounts[i], bundle, rootfs, format("mounts[%zu]", i)));
    const bool covered =
        std::any_of(spec.mounts.begin() + static_cast<std::ptrdiff_t>(i) + 1, spec.mounts.end(),
                    [&](const oci::Mount& later) {
                      return path_is_below(clean_path("/" + later.destination), step.destination);
                    });
    (step.kind == MountKind::Cgroup && !covered ? late : plan.steps).push_back(std::move(step));
  }
  std::move(late.begin(), late.end(), std::back_inserter(plan.steps));
  return plan;
}

}  // namespace nemoclaw::isolation
