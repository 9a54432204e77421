// Devices and kernel interfaces that a privileged container would get.
#include <algorithm>

#include "policy/compile/compilation.h"

namespace nemoclaw::policy {
namespace {

// Disks and memory: whoever may open them owns the host. Everything else the manager's device list may carry
// (GPUs ...).
bool is_dangerous(const oci::Device& device) {
  if (device.type == "b") return true;
  constexpr int64_t memory_major =
      1;  // mem 1, kmem 2, port 4, kmsg 11; null, zero, full and random are harmless
  return device.major == memory_major &&
         (device.minor == 1 || device.minor == 2 || device.minor == 4 || device.minor == 11);
}

bool allows_everything(const oci::DeviceRule& rule) {
  return rule.allow && !rule.major && !rule.minor &&
         (rule.type.empty() || rule.type == "a" || rule.type == "b" || rule.type == "c") &&
         rule.access.find_first_of("rw") != std::string::npos;
}

// A privileged container's rule for all devices becomes one rule for each device that it keeps.
void narrow_device_rules(const Compilation& compilation) {
  oci::Linux& linux_section = compilation.effective.spec.linux_;
  if (!linux_section.resources) return;
  std::vector<oci::DeviceRule>& rules = linux_section.resources->devices;
  if (std::none_of(rules.begin(), rules.end(), allows_everything)) return;
  std::vector<oci::DeviceRule> narrowed{oci::DeviceRule{false, "a", {}, {}, "rwm"}};
  for (const oci::Device& device : linux_section.devices)
    if (device.type == "c" || device.type == "u")
      narrowed.push_back({true, "c", device.major, device.minor, "rwm"});
  rules = std::move(narrowed);
  compilation.note("devices", "only the devices of the spec's list are open, not all",
                   "implied: no sandbox has all devices");
}

void add_missing(const Compilation& compilation, oci::Strings& paths,
                 std::initializer_list<const char*> wanted, const char* what) {
  std::string added;
  for (const char* path : wanted) {
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) continue;
    paths.push_back(path);
    added += std::string(" ") + path;
  }
  if (!added.empty()) compilation.note("kernel", what + added, "implied: no sandbox needs them");
}

void make_read_only(const Compilation& compilation, oci::Mount& mount) {
  oci::Strings& options = mount.options;
  if (std::find(options.begin(), options.end(), "ro") != options.end()) return;
  std::erase(options, "rw");
  options.push_back("ro");
  compilation.note("kernel", mount.destination + " mounted read-only",
                   "implied: it steers the host's kernel");
}

}  // namespace

Result<void> compile_devices(const Compilation& compilation) {
  std::vector<oci::Device>& devices = compilation.effective.spec.linux_.devices;
  for (const oci::Device& device : devices)
    if (is_dangerous(device))
      compilation.note("devices", device.path + " removed", "implied: it opens the host's disks or memory");
  std::erase_if(devices, is_dangerous);
  narrow_device_rules(compilation);
  return {};
}

// What container managers mask for ordinary containers and leave open for privileged ones.
Result<void> compile_kernel_paths(const Compilation& compilation) {
  oci::Linux& linux_section = compilation.effective.spec.linux_;
  add_missing(compilation, linux_section.masked_paths,
              {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
               "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
               "/sys/devices/virtual/powercap"},
              "masked:");
  add_missing(compilation, linux_section.readonly_paths,
              {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}, "read-only:");
  for (oci::Mount& mount : compilation.effective.spec.mounts)
    if (mount.type == "sysfs" || mount.type == "cgroup" || mount.type == "cgroup2")
      make_read_only(compilation, mount);
  return {};
}

}  // namespace nemoclaw::policy
