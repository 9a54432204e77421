#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/procfs.h"
#include "runtime/base/sys_process.h"
#include "runtime/container/cgroup_place.h"
#include "runtime/container/checkpoint.h"
#include "runtime/container/criu.h"
#include "runtime/container/foreground.h"
#include "runtime/container/hooks.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/pid_file.h"
#include "runtime/container/process.h"
#include "runtime/container/user_name.h"

namespace nemoclaw::container {

namespace {

constexpr int kFirstCriuFd = 20;

// Images that another runtime made may lack the file.
std::vector<std::string> read_strings(const std::string& file) {
  std::vector<std::string> strings;
  const Result<std::string> text = read_file(file, 65536);
  if (!text) return strings;
  const Result<json::Value> parsed = json::parse(*text);
  if (parsed)
    for (const json::Value& each : parsed->array) strings.push_back(each.string);
  return strings;
}

// Undone as a whole unless it succeeds.
class Restoration {
 public:
  Restoration(const CreateRequest& request, const CriuOptions& options, StateDirectory directory)
      : request_(request), options_(options), directory_(std::move(directory)) {}
  ~Restoration() {
    if (!done_) undo();
  }
  Restoration(const Restoration&) = delete;
  Restoration& operator=(const Restoration&) = delete;

  Result<void> record();
  Result<void> make_cgroup();
  Result<void> run();
  Result<void> publish();
  void commit() {
    done_ = true;
    directory_.unlock();
  }
  pid_t pid() const { return record_.init_pid; }
  FdRef pidfd() const { return pidfd_; }

 private:
  Result<void> take_pid();
  void undo();

  const CreateRequest& request_;
  CriuOptions options_;
  StateDirectory directory_;
  oci::StateRecord record_;
  std::unique_ptr<cgroup::Driver> cgroup_;
  Fd pidfd_;
  bool cgroup_made_ = false, done_ = false;
};

Result<void> Restoration::record() {
  const oci::EffectiveSpec& effective = request_.effective;
  record_.id = request_.id;
  record_.oci_version = effective.spec.oci_version;
  record_.bundle = request_.bundle;
  record_.rootfs = request_.rootfs;
  record_.created = log::now_rfc3339();
  record_.owner = user_name(geteuid());
  record_.annotations = effective.spec.annotations;
  record_.systemd_cgroup = request_.systemd_cgroup;
  record_.rootless = request_.rootless;
  record_.cgroup_driver = "none";
  TRY(directory_.write_record(record_));
  return directory_.write_effective(effective);
}

Result<void> Restoration::make_cgroup() {
  const oci::Spec& spec = request_.effective.spec;
  cgroup_ = TRY(place_cgroup(spec, record_));
  TRY_CONTEXT(cgroup_->create(), "cgroup");
  cgroup_made_ = true;
  record_.cgroup_paths = cgroup_->directories();
  record_.cgroup_driver = cgroup_->name();
  record_.systemd_unit = cgroup_->unit().name;
  record_.systemd_user = cgroup_->unit().user;
  TRY(directory_.write_record(record_));
  TRY_CONTEXT(cgroup_->apply_limits(spec.linux_.resources.value_or(oci::Resources{}), false), "linux.resources");
  return {};
}

Result<void> Restoration::run() {
  const oci::Spec& spec = request_.effective.spec;
  if (options_.work_path.empty()) options_.work_path = directory_.path() + "/criu.work";
  TRY_CONTEXT(make_directories(options_.work_path, 0700), "--work-path");
  CriuRun run;
  run.program = options_.program;
  run.rootfs = request_.rootfs;
  run.root_mount = directory_.path() + "/criu-root";
  run.log_file = options_.work_path + "/restore.log";
  TRY(make_directories(run.root_mount, 0700));
  RestoreFacts facts;
  facts.bundle = request_.bundle;
  facts.rootfs = run.root_mount;
  facts.pid_file = directory_.path() + "/criu.pid";
  facts.descriptors = read_strings(options_.image_path + "/" + kDescriptorsFile);
  facts.stdio_base = kFirstCriuFd;
  for (int fd = 0; fd <= 2; ++fd) run.fds.emplace_back(FdRef(fd), kFirstCriuFd + fd);
  Fd network;
  const oci::Namespace* joined = spec.linux_.find_namespace("network");
  if (joined && !joined->path.empty()) {
    network = TRY_CONTEXT(open_file(joined->path, O_RDONLY), "network namespace");
    facts.network_fd = kFirstCriuFd + 3;
    run.fds.emplace_back(network, facts.network_fd);
  }
  facts.masked_files = read_strings(options_.image_path + "/" + kMaskedFile);
  const Fd target = TRY_CONTEXT(cgroup_->clone_target(), "cgroup");
  const std::vector<Fd> joins = TRY_CONTEXT(cgroup_->join_files(), "cgroup");
  run.cgroup_target = target;
  run.cgroup_joins.assign(joins.begin(), joins.end());
  run.words = plan_restore(spec, options_, facts);
  TRY(run_criu(run));
  return take_pid();
}

Result<void> Restoration::take_pid() {
  const std::string text = TRY_CONTEXT(read_file(directory_.path() + "/criu.pid", 64), "criu's pid file");
  const pid_t pid = static_cast<pid_t>(strtol(text.c_str(), nullptr, 10));
  if (pid <= 0) return make_error("criu wrote no pid");
  pidfd_ = TRY(sys::pidfd_open(pid));
  const procfs::Stat stat = TRY_CONTEXT(procfs::stat(pid), "the restored process");
  record_.init_pid = pid;
  record_.init_start_time = stat.start_time;
  return {};
}

Result<void> Restoration::publish() {
  for (const char* name : {"pid", "net", "mnt", "ipc", "uts", "user", "cgroup"})
    record_.namespace_paths.emplace_back(name, format("/proc/%d/ns/%s", record_.init_pid, name));
  TRY(directory_.write_record(record_));
  if (!request_.pid_file.empty()) TRY(write_pid_file(request_.pid_file, record_.init_pid));
  return {};
}

void Restoration::undo() {
  if (record_.init_pid > 0) kill_and_reap(record_.init_pid, pidfd_);
  if (cgroup_made_) {
    static_cast<void>(cgroup_->kill_all(SIGKILL));
    static_cast<void>(cgroup_->remove());
  }
  static_cast<void>(directory_.remove());
}

}  // namespace

Result<int> restore_container(const StateStore& store, const CreateRequest& request, const RestoreOptions& options) {
  TRY(check_criu_options(options.criu));
  if (geteuid() != 0) return make_error("checkpoint and restore need root");
  if (!request.effective.policy_name.empty())
    return make_error("a container with a policy cannot be restored, because criu cannot restore its confinement; use "
                      "--policy none");
  if (!file_exists(options.criu.image_path))
    return make_error("--image-path " + quoted(options.criu.image_path) + " does not exist");
  const oci::Hooks& hooks = request.effective.spec.hooks;
  if (!hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty())
    log::warning("restore: hooks are not run; what they set up must stand already");
  if (!options.detach && !options.no_subreaper) TRY(become_subreaper());
  Restoration restoration(request, options.criu, TRY(store.reserve(request.id)));
  TRY(restoration.record());
  TRY(restoration.make_cgroup());
  TRY(restoration.run());
  TRY(restoration.publish());
  restoration.commit();
  if (options.detach) return 0;
  const int code = TRY(stay_in_foreground(restoration.pid(), restoration.pidfd(), Fd()));
  TRY(delete_container(store, request.id, true));
  return code;
}

}  // namespace nemoclaw::container
