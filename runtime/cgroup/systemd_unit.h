// A container's place in systemd's tree: names from linux.cgroupsPath, properties from linux.resources and from
// annotations. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/dbus/value.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

// "slice:prefix:name", each part but the name may be empty; "" is ":nemoclaw:ID". `user`: of a user's own manager, where
// the default slice is another one.
Result<SystemdUnit> plan_unit(const std::string& cgroups_path, const std::string& id, bool user);

using UnitProperty = std::pair<std::string, dbus::Value>;  // the value without its variant
using UnitProperties = std::vector<UnitProperty>;

// What every scope gets. `pid` is its first process.
UnitProperties scope_properties(const SystemdUnit& unit, Version version, const std::string& description, pid_t pid);

// systemd sets its own ideas of a unit's limits again and again (daemon-reload, changes of neighbours), so it must know
// ours. `systemd_version`: properties that are newer are left out; the files are written in any case.
// `devices_file`: content of /proc/devices; v1 only.
Result<UnitProperties> resource_properties(Version version, const oci::Resources& resources, unsigned systemd_version,
                                           std::string_view devices_file);

// annotations "org.systemd.property.NAME" with a value in GVariant's text form.
Result<UnitProperties> annotation_properties(const oci::StringMap& annotations);

// "257.5-1" or "systemd 245" -> 257, 245; 0 if there is no number.
unsigned parse_systemd_version(std::string_view text);
// "0-3,7" -> the bit mask that AllowedCPUs takes.
Result<std::vector<uint8_t>> cpu_mask(std::string_view list);
// Microseconds of CPU time per second, in systemd's steps of 10 ms, rounded up as systemd's other clients do.
uint64_t quota_per_second(int64_t quota, uint64_t period);

// a(sv) for StartTransientUnit and SetUnitProperties.
dbus::Value properties_value(const UnitProperties& properties);

}  // namespace nemoclaw::cgroup
