#include "runtime/container/lifecycle.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/log.h"
#include "runtime/cgroup/resctrl.h"
#include "runtime/container/cgroup_place.h"
#include "runtime/container/hooks.h"
#include "runtime/container/process.h"
#include "runtime/container/status.h"
#include "runtime/container/unix_socket.h"
#include "runtime/init/launch.h"

namespace nemoclaw::container {

namespace {

Error not_running() { return make_error("container not running"); }

bool is_up(oci::Status status) { return status != oci::Status::Stopped && status != oci::Status::Creating; }

struct Opened {
  StateDirectory directory;
  oci::StateRecord record;
  oci::Status status;
};

Result<Opened> open_container(const StateStore& store, const std::string& id, Lock lock) {
  StateDirectory directory = TRY(store.open(id, lock));
  oci::StateRecord record = TRY(directory.read_record());
  const oci::Status status = status_of(directory, record);
  return Opened{std::move(directory), std::move(record), status};
}

Result<void> freeze(const oci::StateRecord& record, bool frozen) {
  const auto driver = TRY(cgroup_of(record));
  return driver->freeze(frozen);
}

Result<void> signal_init(const oci::StateRecord& record, int signal) {
  const Fd pidfd = TRY(open_process_pidfd(record.init_pid, record.init_start_time));
  return send_signal(pidfd, signal);
}

}  // namespace

namespace {

Result<oci::LaterVerbs> later_of(const StateDirectory& directory, const oci::StateRecord& record) {
  if (record.later) return *record.later;
  const oci::EffectiveSpec effective = TRY(directory.read_effective());
  return oci::later_verbs(effective.spec);
}

// What the container alone used; best effort.
void remove_class_of_service(const StateDirectory& directory, const std::string& id) {
  const Result<oci::EffectiveSpec> effective = directory.read_effective();
  if (!effective || !effective->spec.linux_.intel_rdt) return;
  const Result<std::string> mount_point = cgroup::find_resctrl();
  const Result<cgroup::ResctrlPlan> plan = cgroup::plan_resctrl(*effective->spec.linux_.intel_rdt, id);
  if (mount_point && plan) cgroup::remove_resctrl_group(*mount_point, *plan);
}

}  // namespace

Result<View> look(const StateStore& store, const std::string& id) {
  Opened opened = TRY(open_container(store, id, Lock::None));
  return View{std::move(opened.record), opened.status};
}

Result<void> start_created(StateDirectory& directory, const oci::StateRecord& record,
                           const BeforeRelease& before_release) {
  const oci::LaterVerbs later = TRY(later_of(directory, record));
  if (!later.has_process)
    return make_error("cannot start a container without a process: config.json has none");
  if (before_release) TRY(before_release(record));
  const Fd connection = TRY_CONTEXT(connect_at(directory.fd(), kStartSocket), "the container's init");
  // From here on the container is no longer "created", whatever the exec says.
  if (unlinkat(directory.fd().raw(), kStartSocket, 0) != 0) return errno_error("remove the start socket");
  TRY(init::release(connection));
  const std::string state = oci::encode_state(record, oci::Status::Running, false);
  Result<void> hooked = init::run_hooks(later.hooks.poststart, "poststart", state);
  if (hooked) return {};
  // runtime-spec, Lifecycle step 10: an error, and the container is stopped.
  static_cast<void>(signal_init(record, SIGKILL));
  return hooked;
}

Result<void> start_container(const StateStore& store, const std::string& id,
                             const BeforeRelease& before_release) {
  Opened opened = TRY(open_container(store, id, Lock::Exclusive));
  switch (opened.status) {
    case oci::Status::Created:
      return start_created(opened.directory, opened.record, before_release);
    case oci::Status::Stopped:
      return make_error("cannot start a container that has stopped");
    case oci::Status::Creating:
      return make_error("cannot start a container that was not completely created");
    case oci::Status::Paused:
      return make_error("cannot start a container in the paused state");
    case oci::Status::Running:
      break;
  }
  return make_error("cannot start an already running container");
}

Result<void> kill_container(const StateStore& store, const std::string& id, int signal, bool all) {
  // No lock: a kill must get through while a start or a hook hangs.
  const Opened opened = TRY(open_container(store, id, Lock::None));
  const bool stopped = opened.status == oci::Status::Stopped;
  if (stopped && !all && signal != SIGKILL) return not_running();
  const Result<oci::LaterVerbs> later = later_of(opened.directory, opened.record);
  const bool own_pids = later && later->own_pids;
  // Without a PID namespace nothing dies with init, so a SIGKILL means all of them.
  const bool everyone = all || (signal == SIGKILL && !own_pids);
  if (stopped && !everyone) return not_running();
  if (everyone && !opened.record.cgroup_paths.empty()) {
    const auto driver = TRY(cgroup_of(opened.record));
    if (stopped && !all && TRY(driver->processes(true)).empty()) return not_running();
    TRY(driver->kill_all(signal));
  }
  // Without a cgroup init is the only one that is known.
  const bool only_init = !everyone || (opened.record.cgroup_paths.empty() && !stopped);
  if (only_init) TRY(signal_init(opened.record, signal));
  // A frozen v1 cgroup keeps even a SIGKILL pending.
  if (signal == SIGKILL && opened.status == oci::Status::Paused) TRY(freeze(opened.record, false));
  return {};
}

namespace {

// SIGKILL to all, and init's end awaited: the cgroup and the mounts can go only then.
Result<void> stop_by_force(const Opened& opened) {
  const oci::StateRecord& record = opened.record;
  Result<Fd> pidfd = open_process_pidfd(record.init_pid, record.init_start_time);
  if (pidfd) static_cast<void>(send_signal(*pidfd, SIGKILL));
  if (!record.cgroup_paths.empty()) {
    const auto driver = cgroup_of(record);
    if (driver) {
      static_cast<void>((*driver)->kill_all(SIGKILL));
      static_cast<void>((*driver)->freeze(false));
    }
  }
  if (!pidfd) return {};
  constexpr int kExitTimeoutMs = 10'000;
  if (!TRY(wait_for_exit(*pidfd, kExitTimeoutMs)))
    return make_error("the container's init is still running 10 s after SIGKILL");
  return {};
}

// Of a create that was killed. Only if nothing is in it: it may be somebody else's, which that create would have found out
// next. What that create had cloned into it sees its end, and follows within moments.
void remove_if_empty(const std::string& directory) {
  constexpr int kTries = 100;
  constexpr timespec kPause = {0, 10'000'000};
  for (int i = 0; i < kTries && rmdir(directory.c_str()) != 0 && errno == EBUSY; ++i) nanosleep(&kPause, nullptr);
}

Result<void> destroy(Opened& opened) {
  const oci::StateRecord& record = opened.record;
  for (const std::string& directory : record.pending_cgroups) remove_if_empty(directory);
  if (!record.cgroup_paths.empty()) {
    const auto driver = TRY(cgroup_of(record));
    // Processes that outlived init because they share somebody else's PID namespace.
    static_cast<void>(driver->kill_all(SIGKILL));
    TRY_CONTEXT(driver->remove(), "cgroup");
  }
  // Without it no hook is due: a create was killed before it ran any, or a delete after it had run these.
  const bool complete = opened.directory.has(kEffectiveFile);
  const Result<oci::LaterVerbs> later = later_of(opened.directory, record);
  if (complete && later && later->class_of_service) remove_class_of_service(opened.directory, record.id);
  if (complete && later) run_poststop_hooks(later->hooks, record, log::Level::Warning);
  return opened.directory.remove();
}

}  // namespace

Result<void> delete_container(const StateStore& store, const std::string& id, bool force) {
  Result<StateDirectory> directory = store.open(id, Lock::Exclusive);
  if (!directory) {
    if (force && directory.error().errno_value == kNoSuchContainer) return {};
    return std::move(directory).error();
  }
  Result<oci::StateRecord> record = directory->read_record();
  if (!record) {
    // Reserved by a create that was killed before it wrote anything: there is nothing to stop.
    if (force) return directory->remove();
    return std::move(record).error();
  }
  const oci::Status status = status_of(*directory, *record);
  Opened opened{std::move(*directory), std::move(*record), status};
  const bool may_go = force || opened.status == oci::Status::Stopped || opened.status == oci::Status::Created;
  if (!may_go)
    return make_error(format("cannot delete container %s that is not stopped: %s", id.c_str(),
                             oci::status_name(opened.status)));
  if (opened.status != oci::Status::Stopped) TRY(stop_by_force(opened));
  return destroy(opened);
}

Result<void> pause_container(const StateStore& store, const std::string& id) {
  const Opened opened = TRY(open_container(store, id, Lock::Exclusive));
  if (opened.status != oci::Status::Running && opened.status != oci::Status::Created)
    return make_error("container not running or created: " + std::string(oci::status_name(opened.status)));
  return freeze(opened.record, true);
}

Result<void> resume_container(const StateStore& store, const std::string& id) {
  const Opened opened = TRY(open_container(store, id, Lock::Exclusive));
  if (opened.status != oci::Status::Paused) return make_error("container not paused");
  return freeze(opened.record, false);
}

namespace {

Result<void> update_class_of_service(const Opened& opened, const oci::IntelRdt& wanted) {
  const oci::EffectiveSpec effective = TRY(opened.directory.read_effective());
  const std::optional<oci::IntelRdt>& made = effective.spec.linux_.intel_rdt;
  if (!made) return make_error("the container was created without linux.intelRdt: its schemata cannot be changed");
  oci::IntelRdt changed = *made;
  changed.l3_cache_schema = wanted.l3_cache_schema;
  changed.mem_bw_schema = wanted.mem_bw_schema;
  changed.schemata.clear();
  cgroup::ResctrlPlan plan = TRY(cgroup::plan_resctrl(changed, opened.record.id));
  plan.own_group = true;  // written whoever made the class: that is what an update is for
  plan.must_exist = true;
  const std::string mount_point = TRY(cgroup::find_resctrl());
  return cgroup::make_resctrl_group(mount_point, plan);
}

}  // namespace

Result<void> update_container(const StateStore& store, const std::string& id, const oci::Resources& resources,
                              const oci::IntelRdt& rdt) {
  const Opened opened = TRY(open_container(store, id, Lock::Exclusive));
  if (!is_up(opened.status)) return not_running();
  if (!(rdt == oci::IntelRdt{})) TRY(update_class_of_service(opened, rdt));
  const auto driver = TRY(cgroup_of(opened.record));
  return driver->apply_limits(resources, true);
}

Result<std::vector<pid_t>> container_processes(const StateStore& store, const std::string& id) {
  const Opened opened = TRY(open_container(store, id, Lock::None));
  if (opened.status == oci::Status::Stopped) return std::vector<pid_t>{};
  if (!is_up(opened.status)) return not_running();
  const auto driver = TRY(cgroup_of(opened.record));
  return driver->processes(true);
}

Result<cgroup::Stats> container_stats(const StateStore& store, const std::string& id) {
  const Opened opened = TRY(open_container(store, id, Lock::None));
  if (!is_up(opened.status)) return not_running();
  const auto driver = TRY(cgroup_of(opened.record));
  return driver->stats();
}

Result<Watch> watch_container(const StateStore& store, const std::string& id) {
  const Opened opened = TRY(open_container(store, id, Lock::None));
  if (!is_up(opened.status)) return not_running();
  const auto driver = TRY(cgroup_of(opened.record));
  Watch watch;
  watch.ended = TRY(open_process_pidfd(opened.record.init_pid, opened.record.init_start_time));
  watch.oom = TRY(driver->watch_oom());
  return watch;
}

}  // namespace nemoclaw::container
