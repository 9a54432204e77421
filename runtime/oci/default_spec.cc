// What `spec` writes: runc's template, so that a bundle made with either tool behaves the same.
#include "runtime/base/file.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::oci {

namespace {

constexpr const char* capabilities[] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};

bool is_unified() { return file_exists("/sys/fs/cgroup/cgroup.controllers"); }

Process default_process() {
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  process.no_new_privileges = true;
  const Strings names(std::begin(capabilities), std::end(capabilities));
  process.capabilities = Capabilities{.bounding = names, .effective = names, .inheritable = {}, .permitted = names,
                                      .ambient = {}};
  process.rlimits = {Rlimit{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
  return process;
}

Mount mount(const char* destination, const char* type, const char* source, Strings options) {
  return Mount{.destination = destination, .type = type, .source = source, .options = std::move(options),
               .uid_mappings = {}, .gid_mappings = {}};
}

std::vector<Mount> default_mounts(bool rootless) {
  Strings devpts = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
  // Group 5 (tty) is not mapped in the user namespace of an ordinary user.
  if (!rootless) devpts.push_back("gid=5");
  std::vector<Mount> mounts = {
      mount("/proc", "proc", "proc", {}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts", std::move(devpts)),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
  };
  if (rootless) {
    // sysfs belongs to the network namespace, which an ordinary user keeps.
    mounts.push_back(mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
  } else {
    mounts.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  }
  // The hierarchies of v1 are not an ordinary user's to see.
  if (!rootless || is_unified())
    mounts.push_back(
        mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  return mounts;
}

std::vector<Namespace> default_namespaces(bool rootless) {
  std::vector<Namespace> namespaces;
  for (const char* type : {"pid", "network", "ipc", "uts", "mount"}) {
    if (rootless && std::string_view(type) == "network") continue;
    namespaces.push_back(Namespace{.type = type, .path = ""});
  }
  // On cgroup v1 as runc has it: scripts read the container's real path from /proc/self/cgroup.
  if (is_unified()) namespaces.push_back(Namespace{.type = "cgroup", .path = ""});
  if (rootless) namespaces.push_back(Namespace{.type = "user", .path = ""});
  return namespaces;
}

}  // namespace

Spec default_spec(bool rootless, uint32_t uid, uint32_t gid) {
  Spec spec;
  spec.oci_version = "1.3.0";
  spec.process = default_process();
  spec.root = Root{.path = "rootfs", .readonly = true};
  spec.hostname = "nemoclaw";
  spec.mounts = default_mounts(rootless);
  Linux& section = spec.linux_;
  section.namespaces = default_namespaces(rootless);
  section.masked_paths = {"/proc/acpi",       "/proc/asound",      "/proc/kcore",    "/proc/keys",
                          "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                          "/sys/firmware",    "/proc/scsi"};
  section.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  if (rootless) {
    section.uid_mappings = {IdMapping{.container_id = 0, .host_id = uid, .size = 1}};
    section.gid_mappings = {IdMapping{.container_id = 0, .host_id = gid, .size = 1}};
  } else {
    section.resources = Resources{};
    section.resources->devices = {DeviceRule{.allow = false, .type = "", .major = {}, .minor = {}, .access = "rwm"}};
  }
  return spec;
}

}  // namespace nemoclaw::oci
