#include "runtime/cgroup/driver_v1.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/procfs.h"
#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

namespace {

bool is_rootless() { return geteuid() != 0 || procfs::in_user_namespace(); }

bool is_blank(std::string_view text) { return text.find_first_not_of(" \n") == std::string_view::npos; }

// A new cpuset has no CPU and no memory node, and nothing may join it: fill each level from the one above. What is
// between the mount point and the container's own is told to fill its next ones by itself: for each write of CPUs the
// kernel looks at every cpuset of the machine.
Result<void> fill_cpuset(const std::string& mount_point, const std::string& directory) {
  if (directory == mount_point || !path_is_below(directory, mount_point)) return {};
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const std::string own = TRY(read_file(directory + "/" + file, 65536));
    if (!is_blank(own)) continue;
    const std::string parent = directory_name(directory);
    std::string inherited = TRY(read_file(parent + "/" + file, 65536));
    if (is_blank(inherited)) {
      TRY(fill_cpuset(mount_point, parent));
      static_cast<void>(write_file(parent + "/cgroup.clone_children", "1"));
      inherited = TRY(read_file(parent + "/" + file, 65536));
    }
    TRY(write_file(directory + "/" + file, inherited));
  }
  return {};
}

Result<void> check_memory_in_use(const std::string& directory, const oci::Resources& resources) {
  if (!resources.memory || !resources.memory->check_before_update.value_or(false)) return {};
  const int64_t limit = resources.memory->limit.value_or(0);
  const uint64_t usage = read_number(directory + "/memory.usage_in_bytes").value_or(0);
  if (limit <= 0 || usage <= static_cast<uint64_t>(limit)) return {};
  return make_error(format("linux.resources.memory.limit: %lld is below the %llu bytes in use, and checkBeforeUpdate is set",
                           static_cast<long long>(limit), static_cast<unsigned long long>(usage)));
}

}  // namespace

const DriverV1::Place* DriverV1::find(std::string_view controller) const {
  for (const Place& place : places_) {
    if (std::find(place.controllers.begin(), place.controllers.end(), controller) != place.controllers.end())
      return &place;
  }
  return nullptr;
}

const DriverV1::Place* DriverV1::process_place() const {
  const Place* freezer = find("freezer");
  if (freezer != nullptr) return freezer;
  return places_.empty() ? nullptr : &places_[0];
}

Result<void> DriverV1::check_unused(const Place& place) {
  const std::vector<pid_t> found = TRY(list_processes(place.directory, true));
  if (!found.empty())
    return make_error(format("container's cgroup is not empty: %zu process(es) found in %s", found.size(),
                             place.directory.c_str()));
  if (find("freezer") == &place && TRY(is_frozen()))
    return make_error("container's cgroup unexpectedly frozen: " + place.directory);
  return {};
}

const DriverV1::Place* DriverV1::unified() const {
  return !places_.empty() && places_.back().controllers.empty() ? &places_.back() : nullptr;
}

Result<void> DriverV1::make_place(const Place& place, bool must_be_unused, std::vector<std::string>& created) {
  const size_t before = created.size();
  TRY(make_cgroup(place.mount_point, place.directory, created));
  if (must_be_unused && created.size() == before) TRY(check_unused(place));
  if (find("cpuset") == &place) TRY_CONTEXT(fill_cpuset(place.mount_point, place.directory), "cpuset cgroup");
  if (&place == unified()) unified_made_ = true;
  return {};
}

Result<Fd> DriverV1::clone_target() {
  const Place* place = unified();
  if (place == nullptr) return Fd();
  std::vector<std::string> created;
  if (!unified_made_) TRY(make_place(*place, true, created));
  Fd target = TRY(open_file(place->directory, O_RDONLY | O_DIRECTORY));
  born_there_ = true;
  return target;
}

Result<void> DriverV1::make(bool must_be_unused) {
  std::vector<std::string> created;
  Defer undo([&] { remove_created(created); });
  for (const Place& place : places_) {
    // The process of this very container is in it already.
    if (&place == unified() && unified_made_) continue;
    TRY(make_place(place, must_be_unused, created));
  }
  undo.dismiss();
  return {};
}

// An update compares with what the kernel has: writing "deny all" first would take the devices away from a running
// container for a moment.
Result<std::vector<std::pair<std::string, FileWrite>>> DriverV1::device_changes(
    const oci::Resources& resources) const {
  std::vector<std::pair<std::string, FileWrite>> changes;
  const Place* place = find("devices");
  if (place == nullptr || resources.devices.empty()) return changes;
  const DeviceTable wanted = TRY(plan_devices(resources.devices));
  const std::string list = TRY(read_file(place->directory + "/devices.list"));
  const DeviceTable current = TRY(parse_devices_list(list));
  for (FileWrite& each : plan_device_writes(&current, wanted)) changes.emplace_back("devices", std::move(each));
  return changes;
}

Result<void> DriverV1::apply_limits(const oci::Resources& resources, bool update) {
  LimitsPlan plan = TRY(plan_limits(Version::V1, resources, update));
  if (update) {
    std::erase_if(plan.writes, [](const auto& each) { return each.first == "devices"; });
    for (auto& each : TRY(device_changes(resources))) plan.writes.push_back(std::move(each));
    if (const Place* memory = find("memory")) TRY(check_memory_in_use(memory->directory, resources));
  }
  for (const auto& [controller, write] : plan.writes) {
    if (find(controller) != nullptr || write.optional) continue;
    // Who cannot make device nodes needs no rules about them.
    if (controller == "devices" && is_rootless()) continue;
    return make_error("linux.resources: " + write.file + " needs the cgroup v1 hierarchy '" + controller +
                      "', which is not mounted on this host");
  }
  for (const Place& place : places_) {
    std::vector<const FileWrite*> writes;
    for (const auto& [controller, write] : plan.writes) {
      if (find(controller) == &place) writes.push_back(&write);
    }
    const Result<void> done = write_limits(place.directory, writes);
    // Device rules take CAP_SYS_ADMIN over the host. Without it nobody here can make device nodes either.
    if (!done && done.error().errno_value == EPERM && &place == find("devices") && is_rootless()) continue;
    TRY(Result<void>(done));
  }
  return {};
}

// The kernel pays for one grace period whatever the number of hierarchies: the first write waits, the others ride on
// it. Writers in parallel are slower (measured), join_files() avoids it altogether.
Result<void> DriverV1::add_process(pid_t pid) {
  const std::string text = std::to_string(pid);
  for (const Place& place : places_)
    TRY_CONTEXT(write_file(place.directory + "/cgroup.procs", text), format("move process %d into its cgroup", pid));
  return {};
}

Result<std::vector<Fd>> DriverV1::join_files() {
  std::vector<Fd> files;
  files.reserve(places_.size());
  // `tasks` moves a thread; only for it does the kernel skip the lock that costs a grace period. The cgroup2 of a hybrid
  // host has none.
  for (const Place& place : places_) {
    if (&place == unified() && born_there_) continue;
    const char* file = place.controllers.empty() ? "/cgroup.procs" : "/tasks";
    files.push_back(TRY_CONTEXT(open_file(place.directory + file, O_WRONLY), "open the container's cgroup"));
  }
  return files;
}

Result<std::vector<pid_t>> DriverV1::processes(bool recursive) {
  const Place* place = process_place();
  if (place == nullptr) return std::vector<pid_t>();
  return list_processes(place->directory, recursive);
}

Result<void> DriverV1::freeze(bool frozen) {
  const Place* place = find("freezer");
  if (place == nullptr)
    return make_error("the cgroup v1 hierarchy 'freezer' is not mounted on this host: cannot pause or resume");
  const std::string file = place->directory + "/freezer.state";
  if (!frozen) return write_file(file, "THAWED");
  // A task that sleeps where it cannot be frozen, or one that forks just now, leaves the state at FREEZING; thawing
  // and freezing again lets it move on.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (attempt % 50 == 49) TRY(write_file(file, "THAWED"));
    TRY(write_file(file, "FROZEN"));
    const std::string state = TRY(read_file(file, 64));
    if (state.starts_with("FROZEN")) return {};
    if (!state.starts_with("FREEZING")) return make_error("unexpected freezer.state " + quoted(state));
    const timespec pause = {0, attempt < 50 ? 10'000 : 1'000'000};
    nanosleep(&pause, nullptr);
  }
  TRY(write_file(file, "THAWED"));
  return make_error("unable to freeze the container: some of its processes stay in the kernel; try again");
}

Result<bool> DriverV1::is_frozen() {
  const Place* place = find("freezer");
  if (place == nullptr) return false;
  const Result<std::string> state = read_file(place->directory + "/freezer.state", 64);
  if (!state && (state.error().errno_value == ENOENT || state.error().errno_value == ENODEV)) return false;
  return !TRY(Result<std::string>(state)).starts_with("THAWED");
}

Result<void> DriverV1::kill_all(int signal) {
  const Place* place = process_place();
  if (place == nullptr) return {};
  // The ordinary delete: nobody is left, so nobody can fork, and there is nothing to hold still.
  if (TRY(list_processes(place->directory, true)).empty()) return {};
  const bool was_frozen = TRY(is_frozen());
  // Held still, nothing can fork away while the list is read. If that does not work, repeated listing must do.
  const bool held = was_frozen || (find("freezer") != nullptr && freeze(true).has_value());
  const Result<void> signalled = signal_processes(place->directory, signal);
  // A frozen process dies only when thawed; other signals leave a paused container paused.
  if (held && (!was_frozen || signal == SIGKILL)) {
    const Result<void> thawed = freeze(false);
    if (signalled && !thawed && thawed.error().errno_value != ENOENT) return thawed;
  }
  return signalled;
}

Result<void> DriverV1::remove() { return remove_cgroups(directories()); }

Result<Stats> DriverV1::stats() {
  return read_stats_v1([this](std::string_view controller) {
    const Place* place = find(controller);
    return place == nullptr ? std::string() : place->directory;
  });
}

Result<OomWatch> DriverV1::watch_oom() {
  const Place* place = find("memory");
  if (place == nullptr) return OomWatch();
  return OomWatch::open_v1(place->directory);
}

oci::Strings DriverV1::directories() const {
  oci::Strings all;
  for (const Place& place : places_) all.push_back(place.directory);
  return all;
}

}  // namespace nemoclaw::cgroup
