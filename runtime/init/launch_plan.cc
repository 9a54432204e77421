#include "runtime/init/launch_plan.h"

#include <sched.h>

#include <algorithm>

#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"

namespace nemoclaw::init {

namespace {

bool is_allowing(std::string_view action) { return action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG"; }

// Files and directories that the runtime itself supplies are ordinary mounts.
void add_supplied(const LaunchRequest& request, isolation::MountPlan& mounts) {
  const oci::EffectiveSpec& effective = *request.effective;
  for (size_t i = 0; i < effective.supplied_files.size(); ++i) {
    isolation::MountStep step;
    step.kind = isolation::MountKind::Bind;
    step.destination = clean_path("/" + effective.supplied_files[i].destination);
    step.source = request.state_directory + "/supplied/" + std::to_string(i);
    step.options.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    mounts.steps.push_back(std::move(step));
  }
  const oci::User user = effective.spec.process ? effective.spec.process->user : oci::User{};
  for (const std::string& directory : effective.supplied_directories) {
    isolation::MountStep step;
    step.kind = isolation::MountKind::FileSystem;
    step.destination = clean_path("/" + directory);
    step.source = step.type = "tmpfs";
    step.options.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    step.options.data = {"size=64m", "mode=0700", format("uid=%u", user.uid), format("gid=%u", user.gid)};
    mounts.steps.push_back(std::move(step));
  }
}

// Stands in where config.json has no process: the container is made, and start refuses it.
const oci::Process& no_process() {
  static const oci::Process none = [] {
    oci::Process process;
    process.cwd = "/";
    return process;
  }();
  return none;
}

Result<void> check_terminal(const oci::Process& process, FdRef console_socket) {
  if (process.terminal && !console_socket.valid())
    return make_error(
        "process.terminal: a terminal needs --console-socket (or a caller that keeps the terminal)");
  if (!process.terminal && console_socket.valid())
    return make_error("process.terminal is false, but --console-socket was given; leave one of them out");
  return {};
}

}  // namespace

bool allows_call(const oci::Seccomp& profile, std::string_view call) {
  bool allowed = is_allowing(profile.default_action);
  for (const oci::SeccompRule& rule : profile.syscalls) {
    if (std::find(rule.names.begin(), rule.names.end(), call) == rule.names.end()) continue;
    if (!is_allowing(rule.action)) return false;
    if (rule.args.empty()) allowed = true;
  }
  return allowed;
}

Result<std::vector<const oci::Seccomp*>> filter_order(const oci::Seccomp* first,
                                                      const std::vector<oci::Seccomp>& more) {
  std::vector<const oci::Seccomp*> order;
  if (first) order.push_back(first);
  for (const oci::Seccomp& each : more) order.push_back(&each);
  const auto forbids = [](const oci::Seccomp* each) { return !allows_call(*each, "seccomp"); };
  if (std::count_if(order.begin(), order.end(), forbids) > 1)
    return make_error(
        "seccomp: two filters forbid seccomp(2), so the second could not be loaded; allow it in "
        "linux.seccomp");
  std::stable_partition(order.begin(), order.end(), [&](const oci::Seccomp* each) { return !forbids(each); });
  return order;
}

Result<ProcessPlan> plan_process(const oci::EffectiveSpec& effective, const oci::Process& process,
                                 const HostFacts& host) {
  ProcessPlan plan;
  plan.process = &process;
  if (process.args.empty() && effective.spec.process) return make_error("process.args: a program is needed");
  if (!process.cwd.starts_with('/')) return make_error("process.cwd: must be an absolute path");
  // A user namespace of the container's own comes with every capability in it, whatever the runtime has.
  const bool own_users = effective.spec.linux_.find_namespace("user") != nullptr;
  plan.capabilities =
      isolation::plan_capabilities(process.capabilities, own_users ? ~uint64_t{0} : host.capabilities);
  plan.limits = TRY(isolation::plan_limits(process, effective.spec.linux_));
  plan.landlock = TRY(isolation::plan_landlock(effective.landlock, host.landlock_abi));
  const std::optional<oci::Seccomp>& own = effective.spec.linux_.seccomp;
  for (const oci::Seccomp* profile : TRY(filter_order(own ? &*own : nullptr, effective.extra_seccomp))) {
    plan.filters.push_back(TRY(isolation::plan_seccomp(*profile)));
    if (!plan.filters.back().notify) continue;
    if (!plan.listener_path.empty())
      return make_error("linux.seccomp.listenerPath: only one filter can notify");
    if (profile->listener_path.empty())
      return make_error("linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs a listener");
    plan.listener_path = profile->listener_path;
    plan.listener_metadata = profile->listener_metadata;
  }
  return plan;
}

Result<ContainerPlan> plan_container(const LaunchRequest& request, const HostFacts& host) {
  const oci::Spec& spec = request.effective->spec;
  ContainerPlan plan;
  plan.namespaces = TRY(isolation::plan_namespaces(spec.linux_));
  plan.id_maps = TRY(isolation::plan_id_maps(spec.linux_));
  plan.rootfs = TRY(isolation::plan_rootfs(spec, request.rootfs, request.no_pivot));
  if (plan.namespaces.host_mounts) {
    if (!request.effective->policy_name.empty())
      return make_error("a policy needs a mount namespace of the container's own; add {\"type\": \"mount\"} to linux.namespaces");
    plan.rootfs.attach_at = request.state_directory + "/" + kHostMountDirectory;
  }
  plan.mounts = TRY(isolation::plan_mounts(spec, request.bundle, request.rootfs));
  add_supplied(request, plan.mounts);
  plan.devices = TRY(isolation::plan_devices(spec));
  plan.sysctls = TRY(isolation::plan_sysctls(spec));
  plan.net_devices = TRY(isolation::plan_net_devices(spec.linux_));
  const oci::Process& process = spec.process ? *spec.process : no_process();
  plan.process = TRY(plan_process(*request.effective, process, host));
  TRY(check_terminal(process, request.console_socket));
  for (const isolation::MountStep& step : plan.mounts.steps)
    plan.has_cgroup_mount |= step.kind == isolation::MountKind::Cgroup;
  if (!spec.hostname.empty() && !spec.linux_.find_namespace("uts"))
    return make_error("hostname: needs a uts namespace, or it would rename the host");
  if (!spec.domainname.empty() && !spec.linux_.find_namespace("uts"))
    return make_error("domainname: needs a uts namespace, or it would change the host's");
  return plan;
}

HostFacts detect_host() { return {isolation::available_capabilities(), isolation::landlock_abi()}; }

}  // namespace nemoclaw::init
