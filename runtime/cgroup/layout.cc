#include <algorithm>
#include <optional>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

namespace {

constexpr std::string_view known_controllers[] = {
    "cpu",     "cpuacct", "cpuset",     "memory",  "devices", "freezer",    "blkio",
    "pids",    "hugetlb", "net_cls",    "net_prio", "rdma",   "perf_event", "misc"};

std::string_view next_word(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

// The kernel writes space, tab, newline and backslash in paths as \ooo (proc_pid_mountinfo(5)).
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct MountLine {
  std::string root, mount_point;
  std::string_view type, super_options;
};

Result<MountLine> parse_line(std::string_view line) {
  const auto bad = [text = line] { return make_error("malformed mountinfo line " + quoted(text, 120)); };
  for (int i = 0; i < 3; ++i) next_word(line, ' ');  // mount id, parent id, device
  const std::string_view root = next_word(line, ' '), mount_point = next_word(line, ' ');
  const size_t dash = line.find(" - ");
  if (root.empty() || mount_point.empty() || dash == std::string_view::npos) return bad();
  line.remove_prefix(dash + 3);
  MountLine mount{unescape(root), unescape(mount_point), next_word(line, ' '), {}};
  next_word(line, ' ');  // source
  mount.super_options = line;
  return mount;
}

oci::Strings controllers_of(std::string_view super_options) {
  oci::Strings controllers;
  while (!super_options.empty()) {
    const std::string_view option = next_word(super_options, ',');
    if (option.starts_with("name=") || std::find(std::begin(known_controllers), std::end(known_controllers),
                                                 option) != std::end(known_controllers))
      controllers.emplace_back(option);
  }
  return controllers;
}

bool already_there(const std::vector<Hierarchy>& hierarchies, const oci::Strings& controllers) {
  for (const Hierarchy& each : hierarchies) {
    if (each.controllers == controllers) return true;
  }
  return false;
}

}  // namespace

Result<Layout> parse_layout(std::string_view mountinfo) {
  Layout legacy{Version::V1, {}, {}}, unified{Version::V2, {}, {}};
  while (!mountinfo.empty()) {
    const std::string_view text = next_word(mountinfo, '\n');
    // Most lines are of other file systems: do not take them apart.
    if (text.find(" - cgroup") == std::string_view::npos) continue;
    MountLine mount = TRY(parse_line(text));
    if (mount.type == "cgroup2") {
      if (unified.hierarchies.empty())
        unified.hierarchies.push_back({std::move(mount.mount_point), std::move(mount.root), {}});
    } else if (mount.type == "cgroup") {
      oci::Strings controllers = controllers_of(mount.super_options);
      // The same hierarchy may be mounted again elsewhere (bind mounts into chroots): the first is the system's own.
      if (!controllers.empty() && !already_there(legacy.hierarchies, controllers))
        legacy.hierarchies.push_back({std::move(mount.mount_point), std::move(mount.root), std::move(controllers)});
    }
  }
  // A hybrid system mounts an empty cgroup2 beside the v1 hierarchies that hold the controllers.
  if (!unified.hierarchies.empty() && unified.hierarchies[0].mount_point == "/sys/fs/cgroup") return unified;
  if (!legacy.hierarchies.empty()) {
    if (!unified.hierarchies.empty()) legacy.hybrid = std::move(unified.hierarchies[0]);
    return legacy;
  }
  if (!unified.hierarchies.empty()) return unified;
  return make_error("no cgroup file system is mounted; mount cgroup2 at /sys/fs/cgroup");
}

// Once per process: the kernel takes longer to write that file than all of a verb's own reading takes.
Result<Layout> detect_layout() {
  static std::optional<Layout> found;
  if (!found) {
    const std::string text = TRY(read_file("/proc/self/mountinfo"));
    found = TRY(parse_layout(text));
  }
  return *found;
}

std::string own_cgroup(std::string_view proc_cgroup, std::string_view controller) {
  while (!proc_cgroup.empty()) {
    std::string_view line = next_word(proc_cgroup, '\n');
    next_word(line, ':');  // hierarchy id
    std::string_view controllers = next_word(line, ':');
    if (controllers.empty() && controller.empty()) return std::string(line);
    while (!controllers.empty()) {
      if (next_word(controllers, ',') == controller) return std::string(line);
    }
  }
  return "/";
}

Result<std::string> container_path(const std::string& cgroups_path, const std::string& id,
                                   const std::string& own_path) {
  if (cgroups_path.empty()) return absolute_path(own_path, id);
  if (cgroups_path.find('\0') != std::string::npos)
    return make_error("linux.cgroupsPath: contains a NUL character");
  // Cleaned below "/" first: ".." in a relative path cannot climb out of our own cgroup.
  const std::string inside = clean_path("/" + cgroups_path);
  if (inside == "/") return make_error("linux.cgroupsPath: " + quoted(cgroups_path) + " names the root cgroup");
  return cgroups_path[0] == '/' ? inside : clean_path(own_path + inside);
}

}  // namespace nemoclaw::cgroup
