#include "runtime/init/launch.h"

#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/procfs.h"
#include "runtime/cgroup/driver.h"
#include "runtime/init/open_context.h"
#include "runtime/init/own_binary.h"
#include "runtime/init/parent.h"

namespace nemoclaw::init {

namespace {

// After "created": the only thing that the process still does for the runtime is to wait for start.
[[noreturn]] void wait_for_start(Context& context) {
  const auto give_up = [&](const StepFailure& failure) {
    if (context.start.valid()) {
      const std::string record = encode_failure(failure.step, failure.error);
      static_cast<void>(send(context.start.raw(), record.data(), record.size(), MSG_NOSIGNAL));
    }
    _exit(1);
  };
  // The kernel keeps from a PID namespace's first process what it has no handler for. With runc, whose own handlers are in
  // place until then, these end a created container, too.
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
    signal(number, [](int caught) { _exit(128 + caught); });
  int raw;
  do raw = accept4(context.start_listener.raw(), nullptr, nullptr, SOCK_CLOEXEC);
  while (raw < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (raw < 0) give_up({"start", errno_error("accept on the start socket")});
  context.start = Fd(raw);
  close(context.start_listener.raw());
  if (std::optional<StepFailure> failure = run_steps(start_steps(), context)) give_up(*failure);
  _exit(1);
}

void child_main(Context& context) {
  if (std::optional<StepFailure> failure = run_steps(create_steps(), context)) fail(context, *failure);
  static_cast<void>(
      context.channel.send(static_cast<uint32_t>(Said::Created), encode_protections(context.protections)));
  context.channel.close();
  if (context.console_socket.valid()) close(context.console_socket.raw());
  wait_for_start(context);
}

Result<void> write_supplied_files(const LaunchRequest& request) {
  const std::vector<oci::SuppliedFile>& files = request.effective->supplied_files;
  if (files.empty()) return {};
  const std::string directory = request.state_directory + "/supplied";
  TRY(make_directories(directory, 0755));
  for (size_t i = 0; i < files.size(); ++i)
    TRY(write_file_atomic(directory + "/" + std::to_string(i), files[i].content, files[i].mode));
  return {};
}

// Sources of bind mounts that only the parent can open: idmapped ones need privilege over the file system,
// and in a new user namespace the child could neither walk every path nor change what the host's mounts lock.
Result<void> open_sources(const ContainerPlan& plan, Context& context) {
  const bool own_users = plan.namespaces.is_new(CLONE_NEWUSER) || plan.namespaces.joins(CLONE_NEWUSER);
  const bool privileged = own_users && geteuid() == 0 && available_to_mount();
  context.sources.resize(plan.mounts.steps.size());
  context.id_maps.resize(plan.mounts.steps.size());
  isolation::BindContext bind;
  bind.map = {context.effective->spec.linux_.uid_mappings, context.effective->spec.linux_.gid_mappings};
  bind.locked = own_users;
  FdRef joined_users;
  for (size_t i = 0; i < context.joined.size(); ++i)
    if (plan.namespaces.joined[i].flag == CLONE_NEWUSER) joined_users = context.joined[i];
  for (size_t i = 0; i < plan.mounts.steps.size(); ++i) {
    const isolation::MountStep& step = plan.mounts.steps[i];
    const bool idmap = step.options.idmap;
    if (step.kind != isolation::MountKind::Bind || !(privileged || idmap)) continue;
    bind.users = step.id_map.empty() && bind.map.empty() ? joined_users : FdRef();
    // What lies in the container's root may be covered by an earlier mount of its own, which the parent does not have. But
    // only the parent may idmap for a container in a user namespace.
    if (!step.source_in_root.empty() && !(own_users && idmap)) {
      if (idmap) context.id_maps[i] = TRY(isolation::make_user_namespace(step.id_map.empty() ? bind.map : step.id_map));
      continue;
    }
    context.sources[i] = TRY_CONTEXT(isolation::open_bind_source(step, plan.mounts.default_propagation, bind),
                                     "mount " + quoted(step.destination));
  }
  return {};
}

// In a user namespace nodes cannot be made: those that the host does not have at the same path are its parent's work.
Result<void> make_nodes(const LaunchRequest& request, const ContainerPlan& plan, Context& context) {
  if (!plan.devices.bind || geteuid() != 0 || !available_to_mount() || procfs::in_user_namespace()) return {};
  const oci::Linux& linux_ = context.effective->spec.linux_;
  context.device_nodes = TRY(isolation::make_nodes_to_bind(plan.devices, request.state_directory + "/devices",
                                                           {linux_.uid_mappings, linux_.gid_mappings}));
  return {};
}

Result<void> find_hierarchies(const ContainerPlan& plan, Context& context) {
  if (!plan.has_cgroup_mount) return {};
  const cgroup::Layout layout = TRY(cgroup::detect_layout());
  context.unified_cgroup = layout.version == cgroup::Version::V2;
  for (const cgroup::Hierarchy& each : layout.hierarchies)
    context.hierarchies.push_back({each.mount_point, each.controllers});
  return {};
}

Result<Context> open_context(const LaunchRequest& request, const ContainerPlan& plan) {
  Context context;
  context.process = &plan.process;
  context.container = &plan;
  context.launch = &request;
  context.effective = request.effective;
  context.id = request.id;
  context.start_listener = request.start_listener;
  context.console_socket = request.console_socket;
  context.cgroup_joins = request.cgroup_joins;
  context.preserve_fds = request.preserve_fds;
  TRY(open_common(plan.process, context));
  context.joined = TRY(isolation::open_joined(plan.namespaces));
  TRY(find_hierarchies(plan, context));
  TRY(write_supplied_files(request));
  TRY(open_sources(plan, context));
  TRY(make_nodes(request, plan, context));
  return context;
}

Result<std::vector<oci::Protection>> follow(PendingChild& child, const ContainerPlan& plan,
                                            const LaunchEvents& events) {
  const pid_t pid = child.pid();
  // The stages have runc's names: its users search their debug logs for them.
  log::debug(format("nsexec container setup: process %d cloned, flags %#llx", pid,
                    static_cast<unsigned long long>(plan.namespaces.clone_flags)));
  if (!plan.id_maps.empty()) {
    TRY(isolation::apply_id_maps(plan.id_maps, pid));
    child.tell(Go::MapsWritten);
  }
  TRY(isolation::apply_oom_score_adj(plan.process.limits, pid));
  // The child mounts meanwhile: where a v1 cgroup is joined here, it takes longer than all of its work.
  if (events.on_cloned) TRY(events.on_cloned(pid));
  std::vector<Fd> cgroup_files;
  if (events.make_cgroup) cgroup_files = TRY(events.make_cgroup(pid));
  child.tell(Go::CgroupJoined, {}, cgroup_files);
  TRY(child.expect(Said::NamespacesReady));
  // It is in its cgroup now. process.execCPUAffinity is not for the container's first process (config.md).
  isolation::reset_affinity(pid);
  TRY(isolation::apply_net_devices(plan.net_devices, pid));
  log::debug(format("child process in init(): namespaces, %zu mounts and %zu devices are in place", plan.mounts.steps.size(),
                    plan.devices.nodes.size()));
  if (events.on_namespaces_ready) TRY(events.on_namespaces_ready(pid));
  child.tell(Go::Proceed, std::to_string(pid));
  const std::string created = TRY(child.expect(Said::Created));
  log::debug("init: closing the pipe to signal completion; waits for start");
  // Last, because a limit may be too small for the runtime's own work in the child.
  TRY(isolation::apply_rlimits(plan.process.limits, pid));
  std::vector<oci::Protection> protections = plan.process.landlock.degraded;
  for (oci::Protection& each : decode_protections(created)) protections.push_back(std::move(each));
  return protections;
}

}  // namespace

Result<Launched> launch_container(const LaunchRequest& request, const LaunchEvents& events) {
  const ContainerPlan plan = TRY(plan_container(request, detect_host()));
  warn_about_capabilities(plan.process);
  Context context = TRY(open_context(request, plan));
  CloneOptions options;
  options.flags = plan.namespaces.clone_flags;
  options.two_clones = plan.namespaces.two_clones;
  if (request.network && plan.namespaces.is_new(CLONE_NEWNET)) context.network = request.network->take();
  if (context.network.valid()) options.flags &= ~uint64_t{CLONE_NEWNET};
  options.cgroup = request.cgroup_target;
  options.between = [&plan](Context& first) -> Result<void> {
    if (geteuid() == 0) TRY(hide_process());
    return isolation::join_namespaces(plan.namespaces, first.joined);
  };
  PendingChild child = TRY(clone_child(context, options, child_main));
  std::vector<oci::Protection> protections = TRY(follow(child, plan, events));
  return child.keep(std::move(protections));
}

Result<void> release(FdRef start_connection) {
  std::string record;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(start_connection.raw(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != ECONNRESET) return errno_error("wait for the container's process to start");
    if (got <= 0) break;
    record.append(buffer, static_cast<size_t>(got));
    if (record.size() > Channel::payload_bytes_max) break;
  }
  if (record.empty()) return {};
  return decode_failure(record);
}

}  // namespace nemoclaw::init
