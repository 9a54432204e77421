#include "runtime/container/exec_cgroup.h"

#include <algorithm>
#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/driver.h"
#include "runtime/container/cgroup_place.h"

namespace nemoclaw::container {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "/sys/fs/cgroup/cpu,cpuacct/..." belongs to a controller that is a part of the path: v1 mount points carry
// their controllers' names.
bool belongs_to(const std::string& directory, const std::vector<std::string>& controllers) {
  for (const std::string& part : split(directory, '/'))
    for (const std::string& name : split(part, ','))
      if (has_word(controllers, name) || (name == "systemd" && has_word(controllers, "name=systemd")))
        return true;
  return false;
}

// The words that callers know from runc; the process that would be added does not exist yet.
Error cannot_add(const Error& cause) {
  Error error = cause;
  error.message = "error adding pid of the new process to cgroups: " + error.message;
  return error;
}

// In the first hierarchy of v2: where the container's init is now.
Result<std::string> directory_of_init(const oci::StateRecord& record) {
  const std::string text = TRY(read_file(format("/proc/%d/cgroup", record.init_pid), 65536));
  const cgroup::Layout layout = TRY(cgroup::detect_layout());
  const std::string path = cgroup::own_cgroup(text, "");
  return path == "/" ? layout.hierarchies.front().mount_point : layout.hierarchies.front().mount_point + path;
}

bool takes_processes(const std::string& directory) {
  const Result<std::string> enabled = read_file(directory + "/cgroup.subtree_control", 4096);
  return enabled && may_hold_processes(*enabled);
}

// Even a controller that knows threads keeps processes out of a cgroup once there are some in its children.
bool has_children_of_its_own(const std::string& directory) {
  const Result<std::string> enabled = read_file(directory + "/cgroup.subtree_control", 4096);
  return !enabled || enabled->find_first_not_of(" \n") != std::string::npos;
}

}  // namespace

Result<SubCgroup> parse_sub_cgroup(const std::string& text) {
  SubCgroup parsed;
  std::string path = text;
  if (const size_t colon = text.find(':'); colon != std::string::npos) {
    parsed.controllers = split(text.substr(0, colon), ',');
    path = text.substr(colon + 1);
  }
  if (("/" + path + "/").find("/../") != std::string::npos)
    return make_error("--cgroup: bad sub cgroup path: " + path + " is not a sub cgroup path");
  parsed.path = clean_path("/" + path);
  return parsed;
}

bool may_hold_processes(std::string_view subtree_control) {
  for (const std::string& line : split(subtree_control, '\n'))
    for (const std::string& name : split(line, ' '))
      if (name != "cpu" && name != "cpuset" && name != "perf_event" && name != "pids") return false;
  return true;
}

Result<void> ExecCgroup::open_v1(const oci::StateRecord& record, const std::vector<SubCgroup>& wanted) {
  for (const SubCgroup& each : wanted)
    for (const std::string& controller : each.controllers)
      if (std::none_of(record.cgroup_paths.begin(), record.cgroup_paths.end(),
                       [&](const std::string& directory) { return belongs_to(directory, {controller}); }))
        return make_error("--cgroup: unknown controller " + controller);
  for (const std::string& directory : record.cgroup_paths) {
    std::string place = directory;
    for (const SubCgroup& each : wanted)
      if ((each.controllers.empty() || belongs_to(directory, each.controllers)) && each.path != "/")
        place = directory + each.path;
    Result<Fd> tasks = open_file(place + "/tasks", O_WRONLY);
    // The cgroup2 of a hybrid host has no tasks; what is asked for need not be there, too.
    if (!tasks && file_exists(directory) && !file_exists(directory + "/tasks")) {
      target_ = TRY(open_file(file_exists(place) ? place : directory, O_RDONLY | O_DIRECTORY));
      continue;
    }
    if (!tasks && !file_exists(directory)) continue;  // a hierarchy that was unmounted since
    if (!tasks)
      return cannot_add(errno_error("open " + place + "/cgroup.procs", tasks.error().errno_value));
    joins_.push_back(std::move(*tasks));
  }
  return {};
}

Result<void> ExecCgroup::open_v2(const oci::StateRecord& record, const std::vector<SubCgroup>& wanted) {
  if (record.cgroup_paths.empty()) return {};
  std::string place = record.cgroup_paths.front();
  for (const SubCgroup& each : wanted) {
    if (!each.controllers.empty())
      return make_error("--cgroup: cgroup v2 has one hierarchy for all controllers: leave out " +
                        quoted(each.controllers.front()));
    if (each.path != "/") place = record.cgroup_paths.front() + each.path;
  }
  if (wanted.empty() && has_children_of_its_own(place)) place = TRY(directory_of_init(record));
  Result<Fd> opened = open_file(place, O_RDONLY | O_DIRECTORY);
  if (!opened) return cannot_add(errno_error("open " + place + "/cgroup.procs", opened.error().errno_value));
  if (!wanted.empty() && !takes_processes(place)) return cannot_add(errno_error(quoted(place), EBUSY));
  target_ = std::move(*opened);
  return {};
}

Result<ExecCgroup> ExecCgroup::open(const oci::StateRecord& record,
                                    const std::vector<std::string>& sub_cgroups) {
  std::vector<SubCgroup> wanted;
  for (const std::string& text : sub_cgroups) wanted.push_back(TRY(parse_sub_cgroup(text)));
  ExecCgroup chosen;
  if (record.systemd_user && wanted.empty())
    chosen.by_driver_ = TRY(cgroup_of(record));
  else if (record.cgroup_driver == "v2")
    TRY(chosen.open_v2(record, wanted));
  else
    TRY(chosen.open_v1(record, wanted));
  return chosen;
}

Result<void> ExecCgroup::adopt(pid_t pid) const {
  if (!by_driver_) return {};
  return by_driver_->add_process(pid);
}

}  // namespace nemoclaw::container
