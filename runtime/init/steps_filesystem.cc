// Steps about the container's file system: root, mounts, devices, protected paths.
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/init/hook_state.h"
#include "runtime/init/integrity.h"
#include "runtime/init/steps.h"
#include "runtime/isolation/mount_target.h"
#include "runtime/isolation/path_protection.h"

namespace nemoclaw::init {

Result<void> prepare_rootfs(Context& context) {
  context.root = TRY(isolation::prepare_rootfs(context.container->rootfs));
  return {};
}

Result<void> mount_all(Context& context) {
  const auto cgroups = [&context]() -> Result<isolation::CgroupMounts> {
    TRY(enter_cgroup_namespace(context));
    isolation::CgroupMounts mounts;
    mounts.unified = context.unified_cgroup;
    mounts.own_namespace = context.container->namespaces.new_cgroup;
    mounts.hierarchies = context.hierarchies;
    mounts.membership = TRY(read_file_at(context.proc, "self/cgroup", size_t{1} << 20));
    return mounts;
  };
  const isolation::MountPlan& plan = context.container->mounts;
  const isolation::NamespacePlan& namespaces = context.container->namespaces;
  const bool host_pids = !namespaces.is_new(CLONE_NEWPID) && !namespaces.joins(CLONE_NEWPID);
  const bool own_users = namespaces.is_new(CLONE_NEWUSER) || namespaces.joins(CLONE_NEWUSER);
  const isolation::MountContext mount_context = {context.root, &context.sources, &context.id_maps, cgroups, own_users, host_pids,
                                                  &context.read_only_later};
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    // A cgroup mount shows where the process is; what is copied into memory counts as the container's.
    if (plan.steps[i].kind == isolation::MountKind::Cgroup || plan.steps[i].options.tmpcopyup)
      TRY(enter_cgroup(context));
    TRY(isolation::apply_mount(plan.steps[i], i, plan.default_propagation, mount_context));
  }
  context.sources.clear();
  context.id_maps.clear();
  return {};
}

Result<void> make_devices(Context& context) {
  TRY(isolation::apply_devices(context.container->devices, context.root, context.device_nodes));
  context.device_nodes.clear();
  return {};
}

Result<void> report_namespaces_ready(Context& context) {
  TRY(context.channel.send(static_cast<uint32_t>(Said::NamespacesReady)));
  return wait_for(context, Go::Proceed);
}

Result<void> run_create_container_hooks(Context& context) {
  const std::vector<oci::Hook>& hooks = context.effective->spec.hooks.create_container;
  if (hooks.empty()) return {};
  return run_hooks(hooks, "createContainer", hook_state(*context.launch, getpid(), oci::Status::Creating),
                   {fd_path(context.root)});
}

Result<void> protect_paths(Context& context) {
  const oci::Linux& linux_ = context.effective->spec.linux_;
  TRY(isolation::apply_readonly_paths(linux_.readonly_paths, context.root));
  return isolation::apply_masked_paths(linux_.masked_paths, context.root);
}

Result<void> enter_rootfs(Context& context) {
  TRY(isolation::enter_rootfs(context.container->rootfs, context.root));
  context.root.reset();
  return {};
}

Result<void> make_working_directory(Context& context) {
  const std::string& cwd = context.process->process->cwd;
  struct stat status;
  if (stat(cwd.c_str(), &status) == 0) return {};  // of the wrong type: chdir says so
  Fd root = TRY(open_file("/", O_PATH | O_DIRECTORY));
  TRY_CONTEXT(isolation::open_directory_target(root, cwd), "make working directory " + quoted(cwd));
  return {};
}

Result<void> seal_rootfs(Context& context) {
  for (const Fd& mount : context.read_only_later)
    TRY(sys::mount_setattr(mount, {.set = MOUNT_ATTR_RDONLY}, false));
  context.read_only_later.clear();
  return isolation::seal_rootfs(context.container->rootfs);
}

Result<void> verify_integrity(Context& context) {
  const oci::EffectiveSpec& effective = *context.effective;
  if (effective.integrity_files.empty() && effective.integrity_links.empty()) return {};
  const Fd root = TRY(open_file("/", O_PATH | O_DIRECTORY));
  for (const oci::IntegrityFile& file : effective.integrity_files) TRY(check_file(root, file));
  for (const oci::IntegrityLinks& links : effective.integrity_links)
    TRY(check_links(root, context.proc, links));
  return {};
}

}  // namespace nemoclaw::init
