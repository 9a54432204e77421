#include "runtime/cgroup/systemd_manager.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/base/file.h"

namespace nemoclaw::cgroup {

namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";

std::string variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

bool is_gone(const std::string& error_name) { return error_name == "org.freedesktop.systemd1.NoSuchUnit"; }

}  // namespace

std::vector<dbus::Address> manager_addresses(bool user, const BusEnvironment& environment) {
  std::vector<dbus::Address> addresses;
  const auto add_buses = [&](const std::string& written, const std::string& fallback) {
    for (const std::string& path : dbus::unix_paths(written)) addresses.push_back({path, true});
    if (written.empty() && !fallback.empty()) addresses.push_back({fallback, true});
  };
  if (!user) {
    addresses.push_back({"/run/systemd/private", false});
    add_buses(environment.system_bus_address, "/run/dbus/system_bus_socket");
    return addresses;
  }
  const std::string& directory = environment.runtime_directory;
  if (!directory.empty()) addresses.push_back({directory + "/systemd/private", false});
  add_buses(environment.session_bus_address, directory.empty() ? "" : directory + "/bus");
  return addresses;
}

Result<SystemdManager> SystemdManager::connect(bool user) {
  const BusEnvironment environment = {variable("XDG_RUNTIME_DIR"), variable("DBUS_SESSION_BUS_ADDRESS"),
                                      variable("DBUS_SYSTEM_BUS_ADDRESS")};
  // The marker of sd_booted(3): without it whatever listens there is not the manager of this system.
  if (!file_exists("/run/systemd/system"))
    return make_error("systemd not running on this host, cannot use systemd cgroups manager; leave --systemd-cgroup out");
  std::string failures;
  for (const dbus::Address& address : manager_addresses(user, environment)) {
    Result<dbus::Connection> connection = dbus::Connection::open(address, kService);
    if (connection) return SystemdManager(std::move(*connection));
    failures += (failures.empty() ? "" : "; ") + connection.error().message;
  }
  if (failures.empty()) failures = "XDG_RUNTIME_DIR and DBUS_SESSION_BUS_ADDRESS are not set";
  return make_error(std::string("cannot reach ") + (user ? "the user's systemd" : "systemd") + ": " + failures);
}

Result<dbus::Message> SystemdManager::call(const char* member, std::vector<dbus::Value> body) {
  dbus::Message message;
  message.path = kPath;
  message.interface = kManager;
  message.member = member;
  message.body = std::move(body);
  return TRY_CONTEXT(connection_.call(std::move(message)), "systemd");
}

Result<std::string> SystemdManager::property(const std::string& path, const char* interface, const char* name) {
  dbus::Message message;
  message.path = path;
  message.interface = "org.freedesktop.DBus.Properties";
  message.member = "Get";
  message.body = {dbus::make_text(interface), dbus::make_text(name)};
  const dbus::Message reply = TRY_CONTEXT(connection_.call(std::move(message)), "systemd");
  if (reply.body.size() != 1 || reply.body[0].type != 'v' || reply.body[0].items[0].type != 's')
    return make_error(std::string("systemd: the property ") + name + " is not a string");
  return reply.body[0].items[0].text;
}

Result<unsigned> SystemdManager::version() { return parse_systemd_version(TRY(property(kPath, kManager, "Version"))); }

Result<void> SystemdManager::subscribe() {
  if (subscribed_) return {};
  TRY(connection_.match(std::string("type='signal',interface='") + kManager + "',member='JobRemoved'"));
  TRY(call("Subscribe", {}));
  subscribed_ = true;
  return {};
}

// A method that answers with a job's path, and the job's end: JobRemoved(id, path, unit, result).
Result<void> SystemdManager::run_job(const char* member, std::vector<dbus::Value> body) {
  TRY(subscribe());
  const dbus::Message reply = TRY(call(member, std::move(body)));
  const std::string job = reply.body_text(0);
  const dbus::Message ended = TRY(connection_.wait_signal([&](const dbus::Message& signal) {
    return signal.member == "JobRemoved" && signal.interface == kManager && signal.body_text(1) == job;
  }));
  const std::string result = ended.body_text(3);
  if (result == "done" || result == "skipped") return {};
  return make_error(std::string("systemd: ") + member + ": the job ended with " + quoted(result, 64));
}

Result<void> SystemdManager::start(const SystemdUnit& unit, const UnitProperties& properties) {
  const auto attempt = [&] {
    return run_job("StartTransientUnit", {dbus::make_text(unit.name), dbus::make_text("replace"),
                                          properties_value(properties), dbus::make_array("(sa(sv))")});
  };
  Result<void> started = attempt();
  if (!started && connection_.last_error_name() == "org.freedesktop.systemd1.UnitExists") {
    // It may be one that failed and was kept. One that runs stays, and so does the error.
    static_cast<void>(call("ResetFailedUnit", {dbus::make_text(unit.name)}));
    started = attempt();
  }
  return started;
}

Result<void> SystemdManager::stop(const SystemdUnit& unit) {
  const Result<void> stopped = run_job("StopUnit", {dbus::make_text(unit.name), dbus::make_text("replace")});
  if (!stopped) return is_gone(connection_.last_error_name()) ? Result<void>() : stopped;
  // Only a failed unit is still there; for others this is an error that says nothing.
  static_cast<void>(call("ResetFailedUnit", {dbus::make_text(unit.name)}));
  return {};
}

Result<void> SystemdManager::set(const SystemdUnit& unit, const UnitProperties& properties) {
  TRY(call("SetUnitProperties",
           {dbus::make_text(unit.name), dbus::make_boolean(true), properties_value(properties)}));
  return {};
}

Result<void> SystemdManager::attach(const SystemdUnit& unit, pid_t pid) {
  TRY(call("AttachProcessesToUnit",
           {dbus::make_text(unit.name), dbus::make_text(""),
            dbus::make_array("u", {dbus::make_number('u', static_cast<uint32_t>(pid))})}));
  return {};
}

Result<std::string> SystemdManager::control_group(const SystemdUnit& unit) {
  const dbus::Message reply = TRY(call("GetUnit", {dbus::make_text(unit.name)}));
  return property(reply.body_text(0), "org.freedesktop.systemd1.Scope", "ControlGroup");
}

}  // namespace nemoclaw::cgroup
