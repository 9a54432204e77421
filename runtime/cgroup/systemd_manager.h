// systemd's manager over D-Bus: the few calls that a scope needs, each waiting until its job has ended.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cgroup/systemd_unit.h"
#include "runtime/dbus/connection.h"

namespace nemoclaw::cgroup {

// What of the environment says where a user's own manager is.
struct BusEnvironment {
  std::string runtime_directory;    // XDG_RUNTIME_DIR
  std::string session_bus_address;  // DBUS_SESSION_BUS_ADDRESS
  std::string system_bus_address;   // DBUS_SYSTEM_BUS_ADDRESS
};
// Where to try, best first: the manager's own socket needs no bus, and no second program to be awake. Pure.
std::vector<dbus::Address> manager_addresses(bool user, const BusEnvironment& environment);

class SystemdManager {
 public:
  static Result<SystemdManager> connect(bool user);

  Result<unsigned> version();
  // Starts the scope; one of that name that has failed is cleared away first.
  Result<void> start(const SystemdUnit& unit, const UnitProperties& properties);
  // Stops it; one that is gone already is fine.
  Result<void> stop(const SystemdUnit& unit);
  Result<void> set(const SystemdUnit& unit, const UnitProperties& properties);
  Result<void> attach(const SystemdUnit& unit, pid_t pid);
  // The scope's cgroup, as systemd sees it: absolute below the hierarchies' mount points.
  Result<std::string> control_group(const SystemdUnit& unit);

 private:
  explicit SystemdManager(dbus::Connection connection) : connection_(std::move(connection)) {}

  Result<dbus::Message> call(const char* member, std::vector<dbus::Value> body);
  Result<std::string> property(const std::string& path, const char* interface, const char* name);
  Result<void> run_job(const char* member, std::vector<dbus::Value> body);
  Result<void> subscribe();

  dbus::Connection connection_;
  bool subscribed_ = false;
};

}  // namespace nemoclaw::cgroup
