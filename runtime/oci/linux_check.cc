#include "runtime/oci/linux_check.h"

#include <algorithm>
#include <string_view>

namespace nemoclaw::oci {

namespace {

constexpr std::string_view namespace_types[] = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};
constexpr std::string_view propagations[] = {"",       "private",  "rprivate",   "shared",     "rshared",
                                             "slave",  "rslave",   "unbindable", "runbindable"};
constexpr std::string_view memory_modes[] = {
    "MPOL_DEFAULT",    "MPOL_BIND",  "MPOL_INTERLEAVE",         "MPOL_WEIGHTED_INTERLEAVE",
    "MPOL_PREFERRED",  "MPOL_LOCAL", "MPOL_PREFERRED_MANY"};
// Sysctls of the IPC namespace beside those below fs.mqueue.
constexpr std::string_view ipc_sysctls[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                            "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
                                            "kernel.shm_rmid_forced"};

template <size_t N>
bool one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

Result<void> check_namespaces(const std::vector<Namespace>& namespaces) {
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const Namespace& each = namespaces[i];
    if (!one_of(each.type, namespace_types))
      return make_error(format("linux.namespaces[%zu].type: unknown namespace %s", i, quoted(each.type).c_str()));
    if (!each.path.empty() && each.path[0] != '/')
      return make_error(format("linux.namespaces[%zu].path: must be absolute, found %s", i, quoted(each.path).c_str()));
    for (size_t before = 0; before < i; ++before) {
      if (namespaces[before].type == each.type)
        return make_error(format("linux.namespaces[%zu].type: %s is given twice", i, each.type.c_str()));
    }
  }
  return {};
}

Result<void> check_mappings(const Linux& section) {
  const Namespace* user = section.find_namespace("user");
  const bool mappings = !section.uid_mappings.empty() || !section.gid_mappings.empty();
  if (mappings && user == nullptr)
    return make_error("linux.uidMappings: given without a user namespace; add one to linux.namespaces");
  if (user != nullptr && user->path.empty() && (section.uid_mappings.empty() || section.gid_mappings.empty()))
    return make_error("linux.namespaces: a new user namespace needs linux.uidMappings and linux.gidMappings");
  return {};
}

Result<void> check_paths(const Linux& section) {
  // A chroot in the host's mount namespace covers nothing: whoever leaves it finds the paths as they are.
  if (section.find_namespace("mount") == nullptr && !(section.masked_paths.empty() && section.readonly_paths.empty()))
    return make_error("linux.maskedPaths, linux.readonlyPaths: unable to restrict sys entries without a private MNT "
                      "namespace; add {\"type\": \"mount\"} to linux.namespaces");
  for (const std::string& path : section.masked_paths) {
    if (!path.starts_with('/')) return make_error("linux.maskedPaths: must be absolute, found " + quoted(path));
  }
  for (const std::string& path : section.readonly_paths) {
    if (!path.starts_with('/')) return make_error("linux.readonlyPaths: must be absolute, found " + quoted(path));
  }
  return {};
}

// A sysctl that no namespace of the container holds would change the host.
Result<void> check_sysctl(const Spec& spec, std::string_view name) {
  std::string dotted(name);
  // Both "net/ipv4/conf/eth0.1/x" and the usual dots are accepted by sysctl(8); the first separator decides.
  if (const size_t first = dotted.find_first_of("./"); first != std::string::npos && dotted[first] == '/')
    std::replace(dotted.begin(), dotted.end(), '/', '.');
  const auto needs = [&](const char* type) -> Result<void> {
    if (spec.linux_.find_namespace(type) != nullptr) return {};
    return make_error("linux.sysctl: " + quoted(name) + " is not allowed without a private " + type + " namespace");
  };
  if (dotted.find("..") != std::string::npos)
    return make_error("linux.sysctl: " + quoted(name) + " is not a sysctl name");
  if (dotted.starts_with("net.")) return needs("network");
  if (dotted.starts_with("fs.mqueue.") || one_of(dotted, ipc_sysctls)) return needs("ipc");
  if (dotted == "kernel.domainname") return needs("uts");
  if (dotted == "kernel.hostname" && !spec.hostname.empty())
    return make_error("linux.sysctl: kernel.hostname conflicts with hostname; keep one of them");
  if (dotted == "kernel.hostname") return needs("uts");
  return make_error("linux.sysctl: " + quoted(name) + " is not in a separate kernel namespace");
}

Result<void> check_devices(const std::vector<Device>& devices) {
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].path.starts_with('/'))
      return make_error(format("linux.devices[%zu].path: must be absolute, found %s", i, quoted(devices[i].path).c_str()));
    if (devices[i].type.size() != 1 || std::string_view("cbup").find(devices[i].type[0]) == std::string_view::npos)
      return make_error(format("linux.devices[%zu].type: must be c, b, u or p, found %s", i,
                               quoted(devices[i].type).c_str()));
  }
  return {};
}

Result<void> check_time_offsets(const Linux& section) {
  if (section.time_offsets.empty()) return {};
  const Namespace* time = section.find_namespace("time");
  if (time == nullptr || !time->path.empty())
    return make_error("linux.timeOffsets: needs a new time namespace in linux.namespaces");
  for (const auto& [clock, offset] : section.time_offsets) {
    if (clock != "monotonic" && clock != "boottime")
      return make_error("linux.timeOffsets: unknown clock " + quoted(clock) + "; use monotonic or boottime");
    if (offset.nanosecs >= 1'000'000'000)
      return make_error("linux.timeOffsets." + clock + ".nanosecs: must be below 1000000000");
  }
  return {};
}

Result<void> check_net_devices(const Linux& section) {
  const auto good_name = [](std::string_view name) {
    return !name.empty() && name.size() < 16 && name != "." && name != ".." &&
           name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
  };
  for (const auto& [name, device] : section.net_devices) {
    if (section.find_namespace("network") == nullptr)
      return make_error("linux.netDevices: unable to move network devices without a NET namespace; add one to linux.namespaces");
    if (!good_name(name) || (!device.name.empty() && !good_name(device.name)))
      return make_error("linux.netDevices: " + quoted(good_name(name) ? device.name : name) +
                        " is not an interface name");
  }
  return {};
}

Result<void> check_rest(const Linux& section) {
  if (!one_of(section.rootfs_propagation, propagations))
    return make_error("linux.rootfsPropagation: unknown value " + quoted(section.rootfs_propagation));
  if (section.personality && section.personality->domain != "LINUX" && section.personality->domain != "LINUX32")
    return make_error("linux.personality.domain: must be LINUX or LINUX32, found " +
                      quoted(section.personality->domain));
  // As with runc an empty object is none; nodes or flags need a mode.
  if (section.memory_policy && *section.memory_policy != MemoryPolicy{} &&
      !one_of(section.memory_policy->mode, memory_modes))
    return make_error("linux.memoryPolicy.mode: invalid memory policy mode " + quoted(section.memory_policy->mode));
  if (section.seccomp && section.seccomp->default_action.empty())
    return make_error("linux.seccomp.defaultAction: is missing");
  if (section.intel_rdt) {
    const std::string& name = section.intel_rdt->clos_id;
    if (name != "/" && (name == "." || name == ".." || name.find('/') != std::string::npos))
      return make_error("linux.intelRdt.closID: " + quoted(name) + " is not a directory name");
  }
  return {};
}

}  // namespace

Result<void> check_linux(const Spec& spec) {
  const Linux& section = spec.linux_;
  TRY(check_namespaces(section.namespaces));
  TRY(check_mappings(section));
  TRY(check_paths(section));
  for (const auto& [name, value] : section.sysctl) TRY(check_sysctl(spec, name));
  TRY(check_devices(section.devices));
  TRY(check_time_offsets(section));
  TRY(check_net_devices(section));
  return check_rest(section);
}

}  // namespace nemoclaw::oci
