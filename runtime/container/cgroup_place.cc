#include "runtime/container/cgroup_place.h"

#include "runtime/base/file.h"

namespace nemoclaw::container {

namespace {

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

// "/sys/fs/cgroup/cpu,cpuacct/..." belongs to the wanted controllers if one of them is a part of the path up
// to the container's directory. v1 mount points carry their controllers' names.
bool is_for_controller(const std::string& directory, std::string_view wanted) {
  size_t start = 1;
  while (start < directory.size()) {
    size_t end = directory.find('/', start);
    if (end == std::string::npos) end = directory.size();
    const std::string_view part = std::string_view(directory).substr(start, end - start);
    std::string_view rest = wanted;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (has_word(part, rest.substr(0, comma))) return true;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    start = end + 1;
  }
  return false;
}

// On v2 a cgroup with enabled controllers may not hold processes itself. When the container's init has moved
// into a cgroup of its own making, that one is where a new process can go.
std::string directory_of_init(const oci::StateRecord& record, const std::string& container_directory) {
  const Result<std::string> text = read_file(format("/proc/%d/cgroup", record.init_pid), 65536);
  if (!text) return container_directory;
  const std::string path = cgroup::own_cgroup(*text, "");
  // The container's directory ends with its path below the mount point; whatever init's path has more is
  // below it.
  for (size_t cut = path.size(); cut != std::string::npos && cut > 1; cut = path.rfind('/', cut - 1))
    if (container_directory.ends_with(path.substr(0, cut))) return container_directory + path.substr(cut);
  return container_directory;
}

}  // namespace

std::string expand_slice_path(const std::string& cgroups_path) {
  const size_t first = cgroups_path.find(':');
  const size_t second = first == std::string::npos ? first : cgroups_path.find(':', first + 1);
  if (second == std::string::npos || cgroups_path.find(':', second + 1) != std::string::npos)
    return cgroups_path;
  std::string slice = cgroups_path.substr(0, first);
  const std::string prefix = cgroups_path.substr(first + 1, second - first - 1);
  const std::string name = cgroups_path.substr(second + 1);
  if (slice.empty()) slice = "system.slice";
  std::string path;
  // systemd nests slices by the dashes in their names; "-.slice" is the root.
  if (slice.ends_with(".slice") && slice != "-.slice") {
    const std::string stem = slice.substr(0, slice.size() - 6);
    for (size_t dash = stem.find('-'); dash != std::string::npos; dash = stem.find('-', dash + 1))
      path += "/" + stem.substr(0, dash) + ".slice";
    path += "/" + slice;
  }
  if (name.ends_with(".slice")) return path + "/" + name;
  return path + "/" + (prefix.empty() ? name : prefix + "-" + name) + ".scope";
}

Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const std::string& id,
                                                     bool systemd) {
  const std::string& written = spec.linux_.cgroups_path;
  return TRY_CONTEXT(cgroup::open_driver_for(systemd ? expand_slice_path(written) : written, id), "cgroup");
}

Result<ExecCgroup> ExecCgroup::open(const oci::StateRecord& record, const std::string& sub_cgroup) {
  std::string controllers, sub = sub_cgroup;
  if (const size_t colon = sub_cgroup.find(':'); colon != std::string::npos) {
    controllers = sub_cgroup.substr(0, colon);
    sub = sub_cgroup.substr(colon + 1);
  }
  if (("/" + sub + "/").find("/../") != std::string::npos)
    return make_error("--cgroup " + quoted(sub_cgroup) + ": '..' is not allowed");
  ExecCgroup chosen;
  for (const std::string& directory : record.cgroup_paths) {
    const bool applies = controllers.empty() || is_for_controller(directory, controllers);
    const std::string full = applies && !sub.empty() ? directory + "/" + sub : directory;
    if (!file_exists(full)) {
      if (full == directory) continue;  // a hierarchy that was unmounted since
      return make_error("--cgroup " + quoted(sub_cgroup) + ": " + quoted(full) + " does not exist");
    }
    if (record.cgroup_driver != "v2") {
      chosen.joins_.push_back(TRY_CONTEXT(open_file(full + "/tasks", O_WRONLY), "cgroup of the container"));
      continue;
    }
    const std::string target = full == directory ? directory_of_init(record, directory) : full;
    chosen.target_ = TRY_CONTEXT(open_file(target, O_RDONLY | O_DIRECTORY), "cgroup of the container");
  }
  return chosen;
}

}  // namespace nemoclaw::container
