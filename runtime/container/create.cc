#include "runtime/container/create.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/procfs.h"
#include "runtime/cgroup/resctrl.h"
#include "runtime/container/cgroup_place.h"
#include "runtime/container/hooks.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/pid_file.h"
#include "runtime/container/process.h"
#include "runtime/container/status.h"
#include "runtime/container/unix_socket.h"
#include "runtime/container/user_name.h"
#include "runtime/init/launch.h"

namespace nemoclaw::container {

namespace {

oci::StateRecord new_record(const CreateRequest& request) {
  const oci::EffectiveSpec& effective = request.effective;
  oci::StateRecord record;
  record.id = request.id;
  record.oci_version = effective.spec.oci_version;
  record.bundle = request.bundle;
  record.rootfs = request.rootfs;
  record.created = log::now_rfc3339();
  record.owner = user_name(geteuid());
  record.annotations = effective.spec.annotations;
  record.protections = effective.protections;
  record.policy_name = effective.policy_name;
  record.policy_digest = effective.policy_digest;
  record.ceiling_name = effective.ceiling_name;
  record.ceiling_digest = effective.ceiling_digest;
  record.ceiling_cuts = effective.ceiling_cuts;
  record.sandbox_id = effective.sandbox_id;
  record.systemd_cgroup = request.systemd_cgroup;
  record.rootless = request.rootless;
  record.cgroup_driver = "none";
  record.later = oci::later_verbs(effective.spec);
  return record;
}

// What the kernel really gave replaces what the compiler expected.
void merge_protections(std::vector<oci::Protection>& known, const std::vector<oci::Protection>& found) {
  for (const oci::Protection& each : found) {
    bool replaced = false;
    for (oci::Protection& old : known)
      if (old.name == each.name) {
        old = each;
        replaced = true;
      }
    if (!replaced) known.push_back(each);
  }
}

void add_namespace_paths(oci::StateRecord& record) {
  for (const char* name : {"pid", "net", "mnt", "ipc", "uts", "user", "cgroup"})
    record.namespace_paths.emplace_back(name, format("/proc/%d/ns/%s", record.init_pid, name));
}

Result<Fd> console_of(const CreateRequest& request) {
  if (request.console_socket.empty()) return Fd();
  return TRY_CONTEXT(connect_path(request.console_socket), "--console-socket");
}

// The steps of a create share these; a destroyed Creation that was not committed undoes what it did, last
// first.
class Creation {
 public:
  Creation(const CreateRequest& request, StateDirectory directory)
      : request_(request), directory_(std::move(directory)), record_(new_record(request)) {
    if (isolation::NetworkAhead::is_wanted(request.effective.spec.linux_)) network_.begin();
  }
  ~Creation() {
    if (!committed_) undo();
  }
  Creation(const Creation&) = delete;
  Creation& operator=(const Creation&) = delete;

  Result<void> place_cgroup();
  Result<void> record_intent();
  Result<void> make_cgroup_first();
  Result<void> make_class_of_service();
  Result<void> prepare_sandbox();
  Result<void> launch();
  Result<void> publish();
  Created commit();

 private:
  Result<void> make_cgroup();
  Result<void> write_effective();
  Result<std::vector<Fd>> make_cgroup_of(pid_t pid);
  Result<void> run_create_hooks();
  Result<void> take_identity(pid_t pid);
  Result<void> adopt(pid_t pid);
  void undo();

  const CreateRequest& request_;
  StateDirectory directory_;
  oci::StateRecord record_;
  std::unique_ptr<cgroup::Driver> cgroup_;
  std::optional<cgroup::ResctrlPlan> resctrl_;
  std::string resctrl_mount_;
  isolation::NetworkAhead network_;
  Fd clone_target_;
  std::string made_for_clone_;  // a directory that clone_target() has made before the other ones
  std::vector<Fd> joins_;
  bool cgroup_later_ = false, cgroup_made_ = false, effective_written_ = false, hooks_begun_ = false, pid_file_made_ = false, committed_ = false;
  init::Launched launched_;
};

// Makes nothing yet.
Result<void> Creation::place_cgroup() {
  cgroup_ = TRY(container::place_cgroup(request_.effective.spec, record_));
  record_.pending_cgroups = cgroup_->directories();
  // systemd makes a scope's directories all at once, and they have no names before.
  cgroup_later_ = cgroup_->unit().name.empty() && std::string_view(cgroup_->name()) == "v1";
  return {};
}

// Before anything exists that a killed runtime could leave behind unnoticed.
Result<void> Creation::record_intent() {
  TRY(directory_.write_record(record_));
  if (!request_.notify_manager.empty()) TRY(NotifySocket::make_directory(directory_.path()));
  // What before_launch makes is taken down by hooks, which are run only with the spec that names them.
  return request_.before_launch ? write_effective() : Result<void>();
}

// Otherwise while the child is at work, and before anything of the container's runs.
Result<void> Creation::write_effective() {
  if (!std::exchange(effective_written_, true)) return directory_.write_effective(request_.effective);
  return {};
}

// The directories of cgroup v1 are made while the child is at work; on v2 it is born in its cgroup.
Result<void> Creation::make_cgroup_first() { return cgroup_later_ ? Result<void>() : make_cgroup(); }

Result<void> Creation::prepare_sandbox() {
  if (!request_.before_launch) return {};
  oci::StateRecord expected = record_;
  expected.cgroup_paths = cgroup_->directories();
  expected.cgroup_driver = cgroup_->name();
  return request_.before_launch(expected, request_.effective);
}

Result<void> Creation::make_cgroup() {
  const oci::Spec& spec = request_.effective.spec;
  Result<void> created = cgroup_->create();
  if (!created && may_do_without_cgroup(record_, spec, created.error())) {
    log::debug("cgroup: none, because " + created.error().message);
    cgroup_ = cgroup::no_cgroup();
    created = {};
  }
  TRY_CONTEXT(std::move(created), "cgroup");
  cgroup_made_ = true;
  // The container's own only now: before create() has refused a cgroup that is in use, a delete --force must not kill
  // what is in it.
  record_.pending_cgroups.clear();
  record_.cgroup_paths = cgroup_->directories();
  record_.cgroup_driver = cgroup_->name();
  record_.systemd_unit = cgroup_->unit().name;
  record_.systemd_user = cgroup_->unit().user;
  TRY(directory_.write_record(record_));
  TRY_CONTEXT(cgroup_->apply_limits(spec.linux_.resources.value_or(oci::Resources{}), false),
              "linux.resources");
  return {};
}

Result<void> Creation::make_class_of_service() {
  const auto& rdt = request_.effective.spec.linux_.intel_rdt;
  if (!rdt) return {};
  resctrl_mount_ = TRY(cgroup::find_resctrl());
  resctrl_ = TRY(cgroup::plan_resctrl(*rdt, request_.id));
  return cgroup::make_resctrl_group(resctrl_mount_, *resctrl_);
}

Result<void> Creation::take_identity(pid_t pid) {
  const procfs::Stat stat = TRY_CONTEXT(procfs::stat(pid), "the container's init");
  record_.init_pid = pid;
  record_.init_start_time = stat.start_time;
  return {};
}

Result<std::vector<Fd>> Creation::make_cgroup_of(pid_t pid) {
  TRY(take_identity(pid));
  TRY(make_cgroup());
  TRY(write_effective());
  if (resctrl_) TRY(cgroup::join_resctrl_group(resctrl_mount_, *resctrl_, pid));
  return TRY_CONTEXT(cgroup_->join_files(), "cgroup");
}

Result<void> Creation::adopt(pid_t pid) {
  TRY(take_identity(pid));
  TRY(directory_.write_record(record_));
  TRY(write_effective());
  if (resctrl_) TRY(cgroup::join_resctrl_group(resctrl_mount_, *resctrl_, pid));
  if (!clone_target_.valid() && joins_.empty()) TRY_CONTEXT(cgroup_->add_process(pid), "cgroup");
  return {};
}

Result<void> Creation::run_create_hooks() {
  const oci::Hooks& hooks = request_.effective.spec.hooks;
  const std::string state = oci::encode_state(record_, oci::Status::Creating, false);
  hooks_begun_ = true;
  TRY(init::run_hooks(hooks.prestart, "prestart", state, {request_.bundle}));
  return init::run_hooks(hooks.create_runtime, "createRuntime", state, {request_.bundle});
}

Result<void> Creation::launch() {
  Fd console = TRY(console_of(request_));
  Fd listener = TRY(listen_at(directory_.fd(), kCreatingSocket));
  // The cgroup2 of a hybrid host is the last of the directories.
  const bool last_is_new = cgroup_later_ && !file_exists(record_.pending_cgroups.back());
  clone_target_ = TRY_CONTEXT(cgroup_->clone_target(), "cgroup");
  if (last_is_new && clone_target_.valid()) made_for_clone_ = record_.pending_cgroups.back();
  if (!cgroup_later_) joins_ = TRY_CONTEXT(cgroup_->join_files(), "cgroup");
  init::LaunchRequest launch;
  launch.effective = &request_.effective;
  launch.id = request_.id;
  launch.bundle = request_.bundle;
  launch.rootfs = request_.rootfs;
  launch.state_directory = directory_.path();
  launch.start_listener = listener;
  launch.console_socket = console.valid() ? FdRef(console) : request_.console_fd;
  launch.cgroup_target = clone_target_;
  launch.cgroup_joins.assign(joins_.begin(), joins_.end());
  launch.network = &network_;
  launch.preserve_fds = request_.preserve_fds;
  launch.no_pivot = request_.no_pivot;
  launch.no_new_keyring = request_.no_new_keyring;
  init::LaunchEvents events;
  if (cgroup_later_)
    events.make_cgroup = [this](pid_t pid) { return make_cgroup_of(pid); };
  else
    events.on_cloned = [this](pid_t pid) { return adopt(pid); };
  events.on_namespaces_ready = [this](pid_t) { return run_create_hooks(); };
  launched_ = TRY(init::launch_container(launch, events));
  joins_.clear();
  return {};
}

Result<void> Creation::publish() {
  merge_protections(record_.protections, launched_.protections);
  add_namespace_paths(record_);
  TRY(directory_.write_record(record_));
  if (!request_.pid_file.empty()) {
    TRY(write_pid_file(request_.pid_file, launched_.pid));
    pid_file_made_ = true;
  }
  if (!request_.pidfd_socket.empty()) TRY(send_pidfd(request_.pidfd_socket, launched_.pidfd));
  if (renameat(directory_.fd().raw(), kCreatingSocket, directory_.fd().raw(), kStartSocket) != 0)
    return errno_error("publish the start socket");
  return {};
}

Created Creation::commit() {
  committed_ = true;
  return Created{std::move(directory_), std::move(record_), std::move(launched_.pidfd)};
}

// Best effort: the error that brought us here is the one to report, so nothing here may write to the log's
// error level.
void Creation::undo() {
  if (launched_.pid > 0) kill_and_reap(launched_.pid, launched_.pidfd);
  if (pid_file_made_) unlink(request_.pid_file.c_str());
  if (cgroup_made_) {
    static_cast<void>(cgroup_->kill_all(SIGKILL));
    static_cast<void>(cgroup_->remove());
  } else if (!made_for_clone_.empty()) {
    rmdir(made_for_clone_.c_str());
  }
  if (resctrl_) cgroup::remove_resctrl_group(resctrl_mount_, *resctrl_);
  if (hooks_begun_) run_poststop_hooks(request_.effective.spec.hooks, record_, log::Level::Debug);
  static_cast<void>(directory_.remove());
}

}  // namespace

Result<void> check_terminal(bool terminal, bool detached, bool console_socket) {
  if (terminal && detached && !console_socket)
    return make_error(
        "cannot allocate tty if the runtime will detach without setting console socket: give "
        "--console-socket, or set process.terminal to false");
  if (console_socket && !(terminal && detached))
    return make_error("cannot use console socket if the runtime will not detach or allocate tty");
  return {};
}

Result<Created> create_container(const StateStore& store, const CreateRequest& request) {
  Creation creation(request, TRY(store.reserve(request.id)));
  TRY(creation.place_cgroup());
  TRY(creation.record_intent());
  TRY(creation.make_cgroup_first());
  TRY(creation.make_class_of_service());
  TRY(creation.prepare_sandbox());
  TRY(creation.launch());
  TRY(creation.publish());
  return creation.commit();
}

}  // namespace nemoclaw::container
