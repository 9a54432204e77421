#include "runtime/cgroup/driver_systemd.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"
#include "runtime/cgroup/bandwidth.h"
#include "runtime/cgroup/systemd_manager.h"

namespace nemoclaw::cgroup {

namespace {

Version version_of(const Driver& files) {
  return std::string_view(files.name()) == "v2" ? Version::V2 : Version::V1;
}

}  // namespace

Result<void> PlaceHolder::begin() {
  const pid_t parent = getpid();
  sys::Cloned cloned = TRY(sys::clone3(0));
  if (cloned.pid == 0) {
    // Of the runtime's descriptors (its locks among them) it keeps nothing, and it does not outlive it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    static_cast<void>(sys::close_all_except(0, {}));
    for (;;) pause();
  }
  pid_ = cloned.pid;
  return {};
}

void PlaceHolder::end() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  static_cast<void>(sys::wait_process(pid_));
  pid_ = 0;
}

DriverSystemd::DriverSystemd(SystemdUnit unit, Layout layout, std::string description, UnitProperties extra)
    : unit_(std::move(unit)),
      layout_(std::move(layout)),
      description_(std::move(description)),
      extra_(std::move(extra)) {}

DriverSystemd::DriverSystemd(SystemdUnit unit, std::unique_ptr<Driver> files)
    : unit_(std::move(unit)), files_(std::move(files)) {}

DriverSystemd::~DriverSystemd() = default;

Result<SystemdManager*> DriverSystemd::manager() {
  if (!manager_) manager_ = std::make_unique<SystemdManager>(TRY(SystemdManager::connect(unit_.user)));
  return manager_.get();
}

// What a limit needs of the host: newer properties are an error for an older systemd, and v1's devices are
// named by their drivers.
Result<UnitProperties> DriverSystemd::properties_for(const oci::Resources& resources) {
  const Version version = version_of(*files_);
  SystemdManager* systemd = TRY(manager());
  const unsigned systemd_version = TRY(systemd->version());
  const std::string devices = version == Version::V1 ? TRY(read_file("/proc/devices", 65536)) : "";
  return resource_properties(version, resources, systemd_version, devices);
}

Result<void> DriverSystemd::create() {
  SystemdManager* systemd = TRY(manager());
  TRY_CONTEXT(holder_.begin(), "the scope's first process");
  UnitProperties properties = scope_properties(unit_, layout_.version, description_, holder_.pid());
  // The annotations last: they may say it differently.
  for (const UnitProperty& each : extra_) properties.push_back(each);
  TRY_CONTEXT(systemd->start(unit_, properties), unit_.name);
  const auto make_directories = [&]() -> Result<void> {
    const std::string path = TRY(systemd->control_group(unit_));
    if (!path.starts_with('/') || path.size() < 2)
      return make_error("systemd: " + unit_.name + " has no cgroup");
    files_ = TRY(open_driver(layout_, path));
    return files_->adopt();
  };
  Result<void> made = make_directories();
  if (!made) {
    holder_.end();
    static_cast<void>(systemd->stop(unit_));
  }
  return made;
}

Result<void> DriverSystemd::apply_limits(const oci::Resources& asked, bool update) {
  const oci::Resources resources = update ? with_present_bandwidth(asked, files_->directories()) : asked;
  UnitProperties properties = TRY(properties_for(resources));
  // An update without rules leaves the devices alone.
  if (update && resources.devices.empty())
    std::erase_if(properties, [](const UnitProperty& each) { return each.first.starts_with("Device"); });
  SystemdManager* systemd = TRY(manager());
  if (!properties.empty()) TRY_CONTEXT(systemd->set(unit_, properties), unit_.name);
  return files_->apply_limits(resources, update);
}

Result<void> DriverSystemd::add_process(pid_t pid) {
  const Result<void> added = files_->add_process(pid);
  if (added) return {};
  // From outside of what was delegated to a user, only systemd can bring a process in.
  const int cause = added.error().errno_value;
  if (cause != EACCES && cause != EPERM) return added;
  SystemdManager* systemd = TRY(manager());
  return systemd->attach(unit_, pid);
}

Result<Fd> DriverSystemd::clone_target() {
  if (unit_.user) return Fd();
  return files_->clone_target();
}

Result<std::vector<Fd>> DriverSystemd::join_files() {
  if (unit_.user) return std::vector<Fd>();
  return files_->join_files();
}

Result<std::vector<pid_t>> DriverSystemd::processes(bool recursive) {
  std::vector<pid_t> found = TRY(files_->processes(recursive));
  std::erase(found, holder_.pid());
  return found;
}

Result<void> DriverSystemd::remove() {
  holder_.end();
  if (!files_) return {};
  // With its directory gone the scope has ended, and systemd has forgotten it.
  bool present = false;
  for (const std::string& each : files_->directories()) present |= file_exists(each);
  if (present) {
    SystemdManager* systemd = TRY(manager());
    TRY_CONTEXT(systemd->stop(unit_), unit_.name);
  }
  return files_->remove();
}

Result<std::unique_ptr<Driver>> open_systemd_driver(const std::string& cgroups_path, const std::string& id,
                                                    const oci::StringMap& annotations, bool user) {
  SystemdUnit unit = TRY(plan_unit(cgroups_path, id, user));
  UnitProperties extra = TRY(annotation_properties(annotations));
  Layout layout = TRY(detect_layout());
  // Where systemd sees whether the scope is empty.
  if (layout.hybrid) layout.hierarchies.push_back(*layout.hybrid);
  return std::unique_ptr<Driver>(std::make_unique<DriverSystemd>(std::move(unit), std::move(layout),
                                                                 "container " + id, std::move(extra)));
}

}  // namespace nemoclaw::cgroup
