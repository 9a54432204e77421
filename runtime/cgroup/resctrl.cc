#include "runtime/cgroup/resctrl.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/file.h"

namespace nemoclaw::cgroup {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

std::string directory_of(const std::string& mount_point, const std::string& group) {
  return group.empty() ? mount_point : mount_point + "/" + group;
}

// The kernel's list holds every resource; what was asked for must be among it.
Result<void> compare_schemata(const std::string& directory, const std::vector<std::string>& wanted) {
  const std::vector<std::string> present = lines_of(TRY(read_file(directory + "/schemata", 65536)));
  for (const std::string& line : wanted)
    if (std::find(present.begin(), present.end(), line) == present.end())
      return make_error("linux.intelRdt: the class of service " + quoted(directory) + " has other schemata than " +
                        quoted(line));
  return {};
}

}  // namespace

Result<ResctrlPlan> plan_resctrl(const oci::IntelRdt& rdt, const std::string& id) {
  ResctrlPlan plan;
  plan.own_group = rdt.clos_id.empty();
  plan.group = plan.own_group ? id : (rdt.clos_id == "/" ? "" : rdt.clos_id);
  for (const std::string& line : lines_of(rdt.l3_cache_schema))
    // Both fields may speak of the bandwidth; then memBwSchema's word counts.
    if (rdt.mem_bw_schema.empty() || !line.starts_with("MB:")) plan.schemata.push_back(line);
  for (const std::string& line : lines_of(rdt.mem_bw_schema)) plan.schemata.push_back(line);
  for (const std::string& each : rdt.schemata)
    for (const std::string& line : lines_of(each)) plan.schemata.push_back(line);
  plan.must_exist = !plan.own_group && plan.schemata.empty();
  if (rdt.enable_monitoring) plan.monitor = "mon_groups/" + id;
  return plan;
}

std::string resctrl_mount_point(std::string_view mountinfo) {
  for (const std::string& line : lines_of(mountinfo)) {
    if (line.find(" - resctrl ") == std::string::npos) continue;
    // id parent major:minor root MOUNT_POINT ...
    size_t begin = 0;
    for (int field = 0; field < 4; ++field) begin = line.find(' ', begin) + 1;
    return line.substr(begin, line.find(' ', begin) - begin);
  }
  return "";
}

Result<std::string> find_resctrl() {
  const std::string text = TRY(read_file("/proc/self/mountinfo"));
  std::string found = resctrl_mount_point(text);
  if (found.empty())
    return make_error("linux.intelRdt: intelRdt is specified in config, but Intel RDT is not enabled: no resctrl file "
                      "system is mounted (mount -t resctrl resctrl /sys/fs/resctrl)");
  return found;
}

Result<void> make_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan) {
  const std::string directory = directory_of(mount_point, plan.group);
  const bool exists = file_exists(directory);
  if (!exists && plan.must_exist)
    return make_error("linux.intelRdt.closID: there is no class of service " + quoted(directory));
  if (!exists && mkdir(directory.c_str(), 0755) != 0) return errno_error("linux.intelRdt: mkdir " + quoted(directory));
  if (exists && !plan.own_group && !plan.schemata.empty()) {
    TRY(compare_schemata(directory, plan.schemata));
  } else if (!plan.schemata.empty()) {
    std::string text;
    for (const std::string& line : plan.schemata) text += line + "\n";
    TRY_CONTEXT(write_file(directory + "/schemata", text), "linux.intelRdt");
  }
  if (plan.monitor.empty()) return {};
  const std::string monitor = directory + "/" + plan.monitor;
  if (mkdir(monitor.c_str(), 0755) != 0 && errno != EEXIST)
    return errno_error("linux.intelRdt.enableMonitoring: mkdir " + quoted(monitor));
  return {};
}

Result<void> join_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan, pid_t pid) {
  const std::string directory = directory_of(mount_point, plan.group), text = std::to_string(pid);
  TRY_CONTEXT(write_file(directory + "/tasks", text), "linux.intelRdt");
  if (!plan.monitor.empty())
    TRY_CONTEXT(write_file(directory + "/" + plan.monitor + "/tasks", text), "linux.intelRdt.enableMonitoring");
  return {};
}

void remove_resctrl_group(const std::string& mount_point, const ResctrlPlan& plan) {
  const std::string directory = directory_of(mount_point, plan.group);
  if (!plan.monitor.empty()) rmdir((directory + "/" + plan.monitor).c_str());
  if (plan.own_group) rmdir(directory.c_str());
}

}  // namespace nemoclaw::cgroup
