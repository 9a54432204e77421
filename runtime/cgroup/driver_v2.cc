#include "runtime/cgroup/driver_v2.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/procfs.h"
#include "runtime/cgroup/bandwidth.h"
#include "runtime/cgroup/device_filter.h"
#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

namespace {

// A controller reaches a cgroup only if every cgroup above enables it for its children.
void enable_controllers(const std::string& directory) {
  const Result<std::string> available = read_file(directory + "/cgroup.controllers", 4096);
  if (!available) return;
  const std::string all = enable_text(*available);
  if (all.empty()) return;
  const std::string file = directory + "/cgroup.subtree_control";
  if (write_file(file, all)) return;
  // One controller that cannot be enabled here (cpu with realtime tasks) must not keep the others off. A
  // limit whose controller is missing fails later, at its own file, with its own name.
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    (void)write_file(file, word);
  }
}

Result<void> make_with_controllers(const std::string& mount_point, const std::string& directory,
                                   std::vector<std::string>& created) {
  if (directory == mount_point || !path_is_below(directory, mount_point)) return {};
  const std::string parent = directory_name(directory);
  TRY(make_with_controllers(mount_point, parent, created));
  enable_controllers(parent);
  return make_cgroup(mount_point, directory, created);
}

// What a limit lacks whose controller knows no threads is not the kernel's set-up.
Error explain_threads(const std::string& directory, const std::vector<const FileWrite*>& writes,
                      Error error) {
  const Result<std::string> type = read_file(directory + "/cgroup.type", 64);
  if (!type || !type->starts_with("threaded")) return error;
  for (const FileWrite* each : writes) {
    if (is_for_threads(each->file)) continue;
    error.message = format(
        "cgroup %s is threaded, as its neighbours are: %s cannot be limited there, only cpu, cpuset "
        "and pids; use a linux.cgroupsPath elsewhere",
        directory.c_str(), each->file.substr(0, each->file.find('.')).c_str());
    return error;
  }
  return error;
}

}  // namespace

std::string enable_text(std::string_view controllers) {
  std::string text;
  while (!controllers.empty()) {
    const std::string_view word = controllers.substr(0, controllers.find_first_of(" \n"));
    controllers.remove_prefix(std::min(controllers.size(), word.size() + 1));
    if (word.empty()) continue;
    if (!text.empty()) text += ' ';
    text.append("+").append(word);
  }
  return text;
}

bool is_for_threads(std::string_view file) {
  for (const std::string_view controller : {"cgroup.", "cpu.", "cpuset.", "perf_event.", "pids."})
    if (file.starts_with(controller)) return true;
  return false;
}

// Below a cgroup whose other children are threaded, a new one holds nothing until it is threaded itself. The
// runtime's users (a thread pool that starts containers) have chosen that, and get what is possible there.
Result<void> DriverV2::join_threads() {
  const Result<std::string> type = read_file(file("cgroup.type"), 64);
  if (!type || !type->starts_with("domain invalid")) return {};
  return write_file(file("cgroup.type"), "threaded");
}

Result<void> DriverV2::check_unused() {
  const std::vector<pid_t> found = TRY(list_processes(directory_, true));
  if (!found.empty())
    return make_error(format("container's cgroup is not empty: %zu process(es) found in %s", found.size(),
                             directory_.c_str()));
  if (TRY(is_frozen())) return make_error("container's cgroup unexpectedly frozen: " + directory_);
  return {};
}

Result<void> DriverV2::create() {
  std::vector<std::string> created;
  Defer undo([&] { remove_created(created); });
  TRY(make_with_controllers(mount_point_, directory_, created));
  TRY_CONTEXT(join_threads(), directory_ + " is below a threaded cgroup");
  if (created.empty() || created.back() != directory_) TRY(check_unused());
  undo.dismiss();
  return {};
}

Result<void> DriverV2::adopt() {
  if (file_exists(directory_)) return {};
  return make_error("the container's cgroup " + directory_ + " does not exist");
}

Result<void> DriverV2::apply_limits(const oci::Resources& resources, bool update) {
  const LimitsPlan plan = TRY(
      plan_limits(Version::V2, update ? with_present_bandwidth(resources, {directory_}) : resources, update));
  if (update && resources.memory && resources.memory->check_before_update.value_or(false)) {
    const int64_t limit = resources.memory->limit.value_or(0);
    const uint64_t usage = read_number(file("memory.current")).value_or(0);
    if (limit > 0 && usage > static_cast<uint64_t>(limit))
      return make_error(
          format("linux.resources.memory.limit: %lld is below the %llu bytes in use, and "
                 "checkBeforeUpdate is set",
                 static_cast<long long>(limit), static_cast<unsigned long long>(usage)));
  }
  std::vector<const FileWrite*> writes;
  for (const auto& [controller, write] : plan.writes) writes.push_back(&write);
  Result<void> written = write_limits(directory_, writes);
  if (!written) return explain_threads(directory_, writes, std::move(written).error());
  // Neither an ordinary user nor root of a user namespace can load the filter; they cannot make device nodes
  // either.
  if ((update && resources.devices.empty()) || geteuid() != 0 || procfs::in_user_namespace()) return {};
  const DeviceTable table = TRY(plan_devices(resources.devices));
  const Fd directory = TRY(open_file(directory_, O_RDONLY | O_DIRECTORY));
  return attach_device_program(directory, build_device_program(table));
}

Result<void> DriverV2::add_process(pid_t pid) {
  TRY_CONTEXT(write_file(file("cgroup.procs"), std::to_string(pid)),
              format("move process %d into its cgroup", pid));
  return {};
}

Result<Fd> DriverV2::clone_target() { return open_file(directory_, O_RDONLY | O_DIRECTORY); }

Result<std::vector<pid_t>> DriverV2::processes(bool recursive) {
  return list_processes(directory_, recursive);
}

// The kernel freezes in its own time and raises POLLPRI on cgroup.events when the state has changed.
Result<void> DriverV2::wait_frozen(bool frozen) {
  const Fd events = TRY(open_file(file("cgroup.events"), O_RDONLY));
  timespec begin = {};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (;;) {
    if (lseek(events.raw(), 0, SEEK_SET) != 0) return errno_error("seek in cgroup.events");
    const std::string text = TRY(read_all(events, 4096));
    if (find_number(text, "frozen").value_or(0) == (frozen ? 1U : 0U)) return {};
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t left_ms =
        10'000 - (now.tv_sec - begin.tv_sec) * 1000 - (now.tv_nsec - begin.tv_nsec) / 1'000'000;
    if (left_ms <= 0)
      return make_error("the container's processes did not freeze within 10 seconds; try again");
    pollfd wait = {events.raw(), POLLPRI, 0};
    if (poll(&wait, 1, static_cast<int>(left_ms)) < 0 && errno != EINTR)
      return errno_error("poll cgroup.events");
  }
}

Result<void> DriverV2::freeze(bool frozen) {
  TRY(write_file(file("cgroup.freeze"), frozen ? "1" : "0"));
  Result<void> done = wait_frozen(frozen);
  if (!done && frozen) (void)write_file(file("cgroup.freeze"), "0");
  return done;
}

Result<bool> DriverV2::is_frozen() {
  const Result<std::string> state = read_file(file("cgroup.freeze"), 64);
  if (!state && (state.error().errno_value == ENOENT || state.error().errno_value == ENODEV)) return false;
  return TRY(Result<std::string>(state)).starts_with("1");
}

Result<void> DriverV2::kill_all(int signal) {
  // One write kills all, frozen or forking (5.14).
  if (signal == SIGKILL && write_file(file("cgroup.kill"), "1")) return {};
  const bool was_frozen = TRY(is_frozen());
  const bool held = was_frozen || freeze(true).has_value();
  const Result<void> signalled = signal_processes(directory_, signal);
  // Unlike v1, a frozen process does die from SIGKILL; others stay paused if they were.
  if (held && !was_frozen) {
    const Result<void> thawed = freeze(false);
    if (signalled && !thawed && thawed.error().errno_value != ENOENT) return thawed;
  }
  return signalled;
}

Result<void> DriverV2::remove() { return remove_cgroups({directory_}); }

Result<Stats> DriverV2::stats() { return read_stats_v2(directory_); }

Result<OomWatch> DriverV2::watch_oom() { return OomWatch::open_v2(directory_); }

}  // namespace nemoclaw::cgroup
