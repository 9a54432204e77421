#include "policy/compile/compile.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/exec_process.h"
#include "runtime/cli/verb.h"
#include "runtime/container/run.h"
#include "runtime/init/own_binary.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  TRY(init::protect_own_binary());
  const int preserve = TRY(preserved_descriptors(arguments));
  const container::ExecTarget target = TRY(
      container::open_exec_target(globals.store(), arguments.positional[0], arguments.flag("ignore-paused")));
  container::ExecOptions options;
  options.process = TRY(make_exec_process(arguments, target.effective));
  // A policy holds for everything that runs in the container, whoever asks for it.
  if (!target.effective.policy_name.empty())
    options.process = TRY(policy::narrow_exec_process(target.effective, options.process));
  options.console_socket = arguments.value("console-socket");
  options.pid_file = arguments.value("pid-file");
  options.pidfd_socket = arguments.value("pidfd-socket");
  options.sub_cgroups = arguments.values("cgroup");
  options.preserve_fds = preserve;
  options.detach = arguments.flag("detach");
  return container::exec_in_container(target, std::move(options));
}

constexpr Option kOptions[] = {
    {"process", 'p', Takes::Value, "process.json to start instead of a command"},
    {"tty", 't', Takes::Nothing, "allocate a terminal"},
    {"user", 'u', Takes::Value, "uid[:gid]"},
    {"additional-gids", 'g', Takes::Values, "further group ids"},
    {"cwd", 0, Takes::Value, "working directory in the container"},
    {"env", 'e', Takes::Values, "NAME=value to add to the environment"},
    {"cap", 'c', Takes::Values, "capability to add, as far as the policy has it"},
    {"detach", 'd', Takes::Nothing, "return once the process has started"},
    {"pid-file", 0, Takes::Value, "file that gets the pid of the process"},
    {"console-socket", 0, Takes::Value, "AF_UNIX socket that gets the terminal's master"},
    {"pidfd-socket", 0, Takes::Value, "AF_UNIX socket that gets a pidfd of the process"},
    {"preserve-fds", 0, Takes::Value, "keep descriptors 3 to 2+N open in the process (default: 0)"},
    {"cgroup", 0, Takes::Values, "[controllers:]path below the container's cgroup to run in; may be repeated"},
    {"ignore-paused", 0, Takes::Nothing, "allow a paused container"},
    {"apparmor", 0, Takes::Value, "AppArmor profile"},
    {"process-label", 0, Takes::Value, "SELinux label"},
    {"no-new-privs", 0, Takes::Nothing, "set no_new_privs"},
};

}  // namespace

constinit const Verb kExec = {
    .name = "exec",
    .arguments = "<container-id> <command> [arguments...]",
    .summary = "start a further process in a container",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = -1,
    .order = Order::StopFirst,
    .run = run,
};

}  // namespace nemoclaw::cli
