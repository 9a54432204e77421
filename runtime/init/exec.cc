#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/procfs.h"
#include "runtime/init/launch.h"
#include "runtime/init/open_context.h"
#include "runtime/init/own_binary.h"
#include "runtime/init/parent.h"

namespace nemoclaw::init {

namespace {

constexpr int exit_code_exec = 255;

// The namespaces in which the container's first process is and we are not.
Result<int> namespaces_to_join(pid_t init_pid) {
  const std::pair<const char*, int> kinds[] = {
      {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
      {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
  int flags = 0;
  for (const auto& [name, flag] : kinds) {
    struct stat ours, theirs;
    if (stat((std::string("/proc/self/ns/") + name).c_str(), &ours) != 0) continue;  // not in this kernel
    if (stat(format("/proc/%d/ns/%s", init_pid, name).c_str(), &theirs) != 0)
      return errno_error(format("read the %s namespace of process %d", name, init_pid));
    if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino) flags |= flag;
  }
  return flags;
}

void child_main(Context& context) {
  std::optional<StepFailure> failure = run_steps(exec_steps(), context);
  if (!failure) _exit(exit_code_exec);
  failure->error.exit_code = exit_code_exec;
  fail(context, *failure);
}

Result<void> join_init(Context& context) {
  // Before any namespace is shared with the container's processes: they must not reach this one
  // (own_binary.h).
  if (geteuid() == 0) TRY(hide_process());
  TRY_CONTEXT(sys::setns(context.init, context.init_namespaces), "join the container's namespaces");
  if (context.init_root.valid()) {
    if (fchdir(context.init_root.raw()) != 0 || chroot(".") != 0) return errno_error("enter the container's root");
    context.init_root.reset();
  }
  // The root of a joined mount namespace is the container's; its working directory must be, too
  // (CVE-2024-21626).
  if (chdir("/") != 0) return errno_error("chdir /");
  return {};
}

Result<Launched> launch(const ExecRequest& request, const LaunchEvents& events) {
  const ProcessPlan plan = TRY(plan_process(*request.effective, *request.process, detect_host()));
  if (request.process->terminal != request.console_socket.valid())
    return make_error(request.process->terminal
                          ? "a terminal needs --console-socket"
                          : "--console-socket was given, but process.terminal is false");
  warn_about_capabilities(plan);
  Context context;
  context.process = &plan;
  context.effective = request.effective;
  context.console_socket = request.console_socket;
  context.cgroup_joins = request.cgroup_joins;
  context.preserve_fds = request.preserve_fds;
  TRY(open_common(plan, context));
  context.init = TRY_CONTEXT(sys::pidfd_open(request.init_pid), "container not running");
  context.init_namespaces = TRY(namespaces_to_join(request.init_pid));
  // The root of a process in our own mount namespace is one that it was chroot'ed to.
  if ((context.init_namespaces & CLONE_NEWNS) == 0)
    context.init_root = TRY_CONTEXT(open_file(format("/proc/%d/root", request.init_pid), O_PATH | O_DIRECTORY),
                                    "container not running");
  // After everything that was opened by the number: it was the container's all the time.
  if (!procfs::is_alive(request.init_pid, request.init_start_time)) return Error{ESRCH, "container not running", 1};
  CloneOptions options;
  options.two_clones = true;  // the PID namespace is entered by the second
  options.cgroup = request.cgroup_target;
  options.between = join_init;
  PendingChild child = TRY(clone_child(context, options, child_main));
  const pid_t pid = child.pid();
  // The stages have runc's names, as in launch.cc.
  log::debug(format("nsexec container setup: process %d cloned, joins namespaces %#x of process %d", pid,
                    context.init_namespaces, request.init_pid));
  if (!plan.limits.initial_cpus.empty())
    log::debug(format("nsexec: affinity: %#llx", static_cast<unsigned long long>(plan.limits.initial_cpus.front())));
  TRY(isolation::apply_oom_score_adj(plan.limits, pid));
  TRY(isolation::apply_affinity(plan.limits.initial_cpus, pid));
  if (events.on_cloned) TRY(events.on_cloned(pid));
  child.tell(Go::CgroupJoined);
  TRY(child.expect(Said::NamespacesReady));
  log::debug("child process in init(): namespaces are joined");
  if (events.on_namespaces_ready) TRY(events.on_namespaces_ready(pid));
  TRY(isolation::apply_rlimits(plan.limits, pid));
  if (plan.limits.initial_cpus.empty() && plan.limits.final_cpus.empty()) isolation::reset_affinity(pid);
  TRY(isolation::apply_affinity(plan.limits.final_cpus, pid));
  log::debug("setns_init: about to exec");
  child.tell(Go::Proceed, std::to_string(pid));
  TRY(child.expect_exec());
  return child.keep(plan.landlock.degraded);
}

}  // namespace

Result<Launched> launch_exec(const ExecRequest& request, const LaunchEvents& events) {
  Result<Launched> launched = launch(request, events);
  if (!launched) launched.error().exit_code = exit_code_exec;
  return launched;
}

}  // namespace nemoclaw::init
