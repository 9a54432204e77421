#include "runtime/container/run.h"

#include "runtime/base/channel.h"
#include "runtime/base/defer.h"
#include "runtime/container/exec_cgroup.h"
#include "runtime/container/foreground.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/pid_file.h"
#include "runtime/container/process.h"
#include "runtime/container/status.h"
#include "runtime/container/terminal.h"
#include "runtime/container/unix_socket.h"
#include "runtime/init/launch.h"

namespace nemoclaw::container {

Result<int> run_container(const StateStore& store, CreateRequest request, const RunOptions& options) {
  std::optional<oci::Process>& process = request.effective.spec.process;
  if (!process) return make_error("config.json: process is missing: run needs one");
  TRY(check_terminal(process->terminal, options.detach, !request.console_socket.empty()));
  SocketPair console;
  const bool proxied = process->terminal && !options.detach;
  if (proxied) {
    console = TRY(make_socket_pair());
    request.console_fd = console.theirs;
    if (!process->console_size) process->console_size = window_of_caller();
  }
  if (!options.detach && !options.no_subreaper) TRY(become_subreaper());
  Created created = TRY(create_container(store, request));
  Defer destroy([&] {
    created.directory.unlock();
    static_cast<void>(delete_container(store, request.id, true));
  });
  Fd master;
  if (proxied) {
    master = TRY_CONTEXT(receive_descriptor(console.ours), "terminal");
    TRY(keep_newlines(master));
  }
  NotifySocket notify;
  if (!request.notify_manager.empty())
    notify = TRY(NotifySocket::listen(created.directory.path(), request.notify_manager));
  TRY(start_created(created.directory, created.record, options.before_release));
  created.directory.unlock();
  if (options.detach) {
    destroy.dismiss();
    TRY(notify.wait(created.record.init_pid, created.pidfd));
    return 0;
  }
  const int code = TRY(stay_in_foreground(created.record.init_pid, created.pidfd, std::move(master), &notify));
  destroy.dismiss();
  if (!options.keep) TRY(delete_container(store, request.id, true));
  return code;
}

Result<ExecTarget> open_exec_target(const StateStore& store, const std::string& id, bool ignore_paused) {
  StateDirectory directory = TRY(store.open(id, Lock::None));
  oci::StateRecord record = TRY(directory.read_record());
  switch (status_of(directory, record)) {
    case oci::Status::Stopped:
      return make_error("cannot exec in a stopped container: container not running");
    case oci::Status::Creating:
      return make_error("cannot exec in a container that is still being created");
    case oci::Status::Paused:
      if (!ignore_paused)
        return make_error("cannot exec in a paused container (use --ignore-paused to override)");
      break;
    case oci::Status::Created:
    case oci::Status::Running:
      break;
  }
  ExecTarget target;
  target.record = std::move(record);
  target.effective = TRY(directory.read_effective());
  target.state_directory = directory.path();
  return target;
}

namespace {

// `on_console` runs when the terminal's master is on its way and the process has not run yet.
Result<init::Launched> launch(const ExecTarget& target, const ExecOptions& options, FdRef console,
                              const std::function<Result<void>()>& on_console) {
  const ExecCgroup cgroup = TRY(ExecCgroup::open(target.record, options.sub_cgroups));
  init::ExecRequest request;
  request.effective = &target.effective;
  request.process = &options.process;
  request.init_pid = target.record.init_pid;
  request.init_start_time = target.record.init_start_time;
  request.state_directory = target.state_directory;
  request.console_socket = console;
  request.cgroup_target = cgroup.clone_target();
  request.cgroup_joins = cgroup.joins();
  request.preserve_fds = options.preserve_fds;
  init::LaunchEvents events;
  events.on_cloned = [&cgroup](pid_t pid) { return cgroup.adopt(pid); };
  if (on_console) events.on_namespaces_ready = [&on_console](pid_t) { return on_console(); };
  return init::launch_exec(request, events);
}

}  // namespace

Result<int> exec_in_container(const ExecTarget& target, ExecOptions options) {
  TRY(check_terminal(options.process.terminal, options.detach, !options.console_socket.empty()));
  SocketPair pair;
  Fd console;
  const bool proxied = options.process.terminal && !options.detach;
  if (proxied) {
    pair = TRY(make_socket_pair());
    if (!options.process.console_size) options.process.console_size = window_of_caller();
  } else if (!options.console_socket.empty()) {
    console = TRY_CONTEXT(connect_path(options.console_socket), "--console-socket");
  }
  if (!options.detach) TRY(become_subreaper());
  Fd master;
  std::function<Result<void>()> take_master;
  if (proxied)
    take_master = [&]() -> Result<void> {
      master = TRY_CONTEXT(receive_descriptor(pair.ours), "terminal");
      return keep_newlines(master);
    };
  init::Launched launched =
      TRY(launch(target, options, proxied ? FdRef(pair.theirs) : FdRef(console), take_master));
  Defer undo([&] { kill_and_reap(launched.pid, launched.pidfd); });
  if (!options.pid_file.empty()) TRY(write_pid_file(options.pid_file, launched.pid));
  if (!options.pidfd_socket.empty()) TRY(send_pidfd(options.pidfd_socket, launched.pidfd));
  undo.dismiss();
  if (options.detach) return 0;
  return stay_in_foreground(launched.pid, launched.pidfd, std::move(master));
}

}  // namespace nemoclaw::container
