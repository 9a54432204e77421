#include "runtime/cgroup/driver.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/procfs.h"
#include "runtime/cgroup/driver_none.h"
#include "runtime/cgroup/driver_systemd.h"
#include "runtime/cgroup/driver_v1.h"
#include "runtime/cgroup/driver_v2.h"

namespace nemoclaw::cgroup {

namespace {

// Where our own cgroup is below the mount point. A path outside of what is mounted (a cgroup namespace entered by half)
// counts as the top.
std::string own_path_below(const Hierarchy& hierarchy, std::string_view proc_cgroup) {
  const std::string controller = hierarchy.controllers.empty() ? "" : hierarchy.controllers[0];
  const std::string own = clean_path(own_cgroup(proc_cgroup, controller));
  if (!path_is_below(own, hierarchy.root)) return "/";
  return clean_path("/" + own.substr(hierarchy.root == "/" ? 0 : hierarchy.root.size()));
}

Result<std::string> directory_in(const Hierarchy& hierarchy, const std::string& path, std::string_view proc_cgroup,
                                 Version version) {
  std::string own = own_path_below(hierarchy, proc_cgroup);
  // On v2 our own cgroup holds processes (us), and such a cgroup cannot hand controllers down: use its neighbourhood.
  if (version == Version::V2) own = directory_name(own);
  const std::string below = TRY(container_path(path, "", own));
  return clean_path(hierarchy.mount_point + below);
}

}  // namespace

int join_self(const FdRef* files, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (write(files[i].raw(), "0", 1) != 1) return errno;
  }
  return 0;
}

Result<std::unique_ptr<Driver>> open_driver(const Layout& layout, const std::string& path) {
  if (path.empty()) return make_error("a container's cgroup path must not be empty");
  if (layout.hierarchies.empty()) return make_error("no cgroup hierarchy is mounted");
  std::string proc_cgroup;
  if (path[0] != '/') proc_cgroup = TRY(read_file("/proc/self/cgroup", 65536));
  if (layout.version == Version::V2) {
    const Hierarchy& unified = layout.hierarchies[0];
    std::string directory = TRY(directory_in(unified, path, proc_cgroup, Version::V2));
    return std::unique_ptr<Driver>(std::make_unique<DriverV2>(unified.mount_point, std::move(directory)));
  }
  std::vector<DriverV1::Place> places;
  for (const Hierarchy& each : layout.hierarchies) {
    std::string directory = TRY(directory_in(each, path, proc_cgroup, Version::V1));
    places.push_back({each.mount_point, each.controllers, std::move(directory)});
  }
  // As runc does. An ordinary user may mostly not, and loses nothing.
  if (layout.hybrid && geteuid() == 0 && !procfs::in_user_namespace()) {
    std::string directory = TRY(directory_in(*layout.hybrid, path, proc_cgroup, Version::V1));
    places.push_back({layout.hybrid->mount_point, {}, std::move(directory)});
  }
  return std::unique_ptr<Driver>(std::make_unique<DriverV1>(std::move(places)));
}

Result<std::unique_ptr<Driver>> open_driver_for(const std::string& cgroups_path, const std::string& id) {
  const Layout layout = TRY(detect_layout());
  return open_driver(layout, cgroups_path.empty() ? id : cgroups_path);
}

namespace {

Result<std::unique_ptr<Driver>> reopen_directories(std::string_view name, const oci::Strings& directories) {
  if (name != "v1" && name != "v2") return make_error("unknown cgroup driver " + quoted(name) + " in the state record");
  if (directories.empty()) return make_error("the state record names no cgroup");
  for (const std::string& each : directories) {
    if (!each.starts_with('/') || clean_path(each) != each)
      return make_error("the state record's cgroup " + quoted(each) + " is not a clean absolute path");
  }
  Layout layout = TRY(detect_layout());
  if (layout.hybrid) layout.hierarchies.push_back(*layout.hybrid);
  std::vector<DriverV1::Place> places;
  for (const std::string& each : directories) {
    const Hierarchy* home = nullptr;
    for (const Hierarchy& hierarchy : layout.hierarchies) {
      if (path_is_below(each, hierarchy.mount_point) && each != hierarchy.mount_point) home = &hierarchy;
    }
    // Never remove or kill anything because a damaged record says so.
    if (home == nullptr) return make_error("the state record's cgroup " + quoted(each) + " is in no cgroup hierarchy");
    if (name == "v2")
      return std::unique_ptr<Driver>(std::make_unique<DriverV2>(home->mount_point, each));
    places.push_back({home->mount_point, home->controllers, each});
  }
  return std::unique_ptr<Driver>(std::make_unique<DriverV1>(std::move(places)));
}

}  // namespace

bool is_frozen_in(const oci::Strings& directories) {
  // v1 has the file in one of its hierarchies, whose mount point mostly bears its name.
  for (const bool named : {true, false}) {
    for (const std::string& directory : directories) {
      if ((directory.find("freezer") != std::string::npos) != named) continue;
      const Result<std::string> state = read_file(directory + "/freezer.state", 64);
      if (state) return !state->starts_with("THAWED");
    }
  }
  if (directories.empty()) return false;
  const Result<std::string> state = read_file(directories[0] + "/cgroup.freeze", 64);
  return state && state->starts_with("1");
}

std::unique_ptr<Driver> no_cgroup() { return std::make_unique<DriverNone>(); }

Result<std::unique_ptr<Driver>> reopen_driver(std::string_view name, const oci::Strings& directories,
                                              const SystemdUnit& unit) {
  if (name == "none" && directories.empty()) return no_cgroup();
  std::unique_ptr<Driver> driver = TRY(reopen_directories(name, directories));
  if (unit.empty()) return driver;
  return std::unique_ptr<Driver>(std::make_unique<DriverSystemd>(unit, std::move(driver)));
}

}  // namespace nemoclaw::cgroup
