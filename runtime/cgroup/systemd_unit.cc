#include "runtime/cgroup/systemd_unit.h"

#include <charconv>

namespace nemoclaw::cgroup {

namespace {

constexpr size_t kUnitNameMax = 255;
constexpr unsigned kCpuMax = 65536;

Error bad_path(const std::string& written, const std::string& why) {
  return make_error("linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got " +
                    quoted(written) + " instead" + why);
}

Result<unsigned> cpu_number(std::string_view text, std::string_view list) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number >= kCpuMax)
    return make_error("linux.resources.cpu: " + quoted(list) + " is not a list such as 0-3,7");
  return number;
}

}  // namespace

Result<SystemdUnit> plan_unit(const std::string& cgroups_path, const std::string& id, bool user) {
  const std::string default_slice = user ? "user.slice" : "system.slice";
  SystemdUnit unit{.slice = default_slice, .name = "nemoclaw-" + id + ".scope", .user = user};
  if (cgroups_path.empty()) return unit;
  const size_t first = cgroups_path.find(':');
  const size_t second = first == std::string::npos ? first : cgroups_path.find(':', first + 1);
  if (second == std::string::npos || cgroups_path.find(':', second + 1) != std::string::npos)
    return bad_path(cgroups_path, "");
  const std::string prefix = cgroups_path.substr(first + 1, second - first - 1), name = cgroups_path.substr(second + 1);
  if (first > 0) unit.slice = cgroups_path.substr(0, first);
  if (unit.slice == "-") unit.slice = "-.slice";
  if (!unit.slice.ends_with(".slice") || unit.slice.find('/') != std::string::npos)
    return bad_path(cgroups_path, ": the slice's name must end in .slice and hold no slash");
  if (name.empty()) return bad_path(cgroups_path, ": the name is empty");
  if (name.ends_with(".slice")) return bad_path(cgroups_path, ": a slice cannot hold a container's processes");
  unit.name = (prefix.empty() ? name : prefix + "-" + name) + ".scope";
  if (unit.name.size() > kUnitNameMax || unit.name.find('/') != std::string::npos)
    return bad_path(cgroups_path, ": not a unit's name");
  return unit;
}

UnitProperties scope_properties(const SystemdUnit& unit, Version version, const std::string& description, pid_t pid) {
  using namespace dbus;
  UnitProperties properties = {
      {"Description", make_text(description)},
      {"Slice", make_text(unit.slice)},
      {"Delegate", make_boolean(true)},
      {"PIDs", make_array("u", {make_number('u', static_cast<uint32_t>(pid))})},
      {"DefaultDependencies", make_boolean(false)},
      // A scope that failed (its processes were killed) must not keep the name.
      {"CollectMode", make_text("inactive-or-failed")},
      {"MemoryAccounting", make_boolean(true)},
      {"CPUAccounting", make_boolean(true)},
      {"TasksAccounting", make_boolean(true)},
  };
  properties.emplace_back(version == Version::V2 ? "IOAccounting" : "BlockIOAccounting", make_boolean(true));
  return properties;
}

unsigned parse_systemd_version(std::string_view text) {
  const size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return 0;
  unsigned version = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), version);
  return version;
}

Result<std::vector<uint8_t>> cpu_mask(std::string_view list) {
  std::vector<uint8_t> mask;
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty()) continue;
    const size_t dash = part.find('-');
    const unsigned from = TRY(cpu_number(part.substr(0, dash), list));
    const unsigned to = dash == std::string_view::npos ? from : TRY(cpu_number(part.substr(dash + 1), list));
    if (to < from) return make_error("linux.resources.cpu: " + quoted(list) + " has a range that goes down");
    if (mask.size() <= to / 8) mask.resize(to / 8 + 1);
    for (unsigned cpu = from; cpu <= to; ++cpu) mask[cpu / 8] |= static_cast<uint8_t>(1U << (cpu % 8));
  }
  return mask;
}

uint64_t quota_per_second(int64_t quota, uint64_t period) {
  if (quota <= 0) return UINT64_MAX;
  if (period == 0) period = 100'000;
  const auto wide = static_cast<unsigned __int128>(quota) * 1'000'000 / period;
  if (wide >= UINT64_MAX - 10'000) return UINT64_MAX;
  return (static_cast<uint64_t>(wide) + 9'999) / 10'000 * 10'000;
}

dbus::Value properties_value(const UnitProperties& properties) {
  dbus::Value list = dbus::make_array("(sv)");
  for (const auto& [name, value] : properties)
    list.items.push_back(dbus::make_struct({dbus::make_text(name), dbus::make_variant(value)}));
  return list;
}

}  // namespace nemoclaw::cgroup
