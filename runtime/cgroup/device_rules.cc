#include "runtime/cgroup/device_rules.h"

#include <algorithm>
#include <charconv>

namespace nemoclaw::cgroup {

namespace {

// The nodes that runtime-spec config-linux.md "Default Devices" puts into /dev, with runc's additions.
constexpr DeviceException default_exceptions[] = {
    {'c', any_number, any_number, access_mknod},
    {'b', any_number, any_number, access_mknod},
    {'c', 1, 3, access_all},             // null
    {'c', 1, 8, access_all},             // random
    {'c', 1, 7, access_all},             // full
    {'c', 5, 0, access_all},             // tty
    {'c', 1, 5, access_all},             // zero
    {'c', 1, 9, access_all},             // urandom
    {'c', 5, 1, access_all},             // console
    {'c', 136, any_number, access_all},  // pts/*
    {'c', 5, 2, access_all},             // ptmx
};

bool covers(const DeviceException& wide, const DeviceException& narrow) {
  return wide.type == narrow.type && (wide.major == any_number || wide.major == narrow.major) &&
         (wide.minor == any_number || wide.minor == narrow.minor);
}

bool overlaps(const DeviceException& one, const DeviceException& other) {
  const auto meet = [](int64_t a, int64_t b) { return a == any_number || b == any_number || a == b; };
  return one.type == other.type && meet(one.major, other.major) && meet(one.minor, other.minor);
}

bool same_devices(const DeviceException& one, const DeviceException& other) {
  return covers(one, other) && covers(other, one);
}

std::string text_of(const DeviceException& each) {
  const auto number = [](int64_t value) { return value == any_number ? std::string("*") : std::to_string(value); };
  std::string text = {each.type, ' '};
  text += number(each.major) + ":" + number(each.minor) + " ";
  if (each.access & access_read) text += 'r';
  if (each.access & access_write) text += 'w';
  if (each.access & access_mknod) text += 'm';
  return text;
}

void add(DeviceTable& table, const DeviceException& added) {
  for (DeviceException& each : table.exceptions) {
    if (!same_devices(each, added)) continue;
    each.access |= added.access;
    return;
  }
  table.exceptions.push_back(added);
}

// Takes `removed` out of the exceptions. One exception cannot be cut in two: the kernel's list has no such form, and a
// rule that does nothing would be worse than an error.
Result<void> subtract(DeviceTable& table, const DeviceException& removed) {
  for (DeviceException& each : table.exceptions) {
    if (covers(removed, each)) {
      each.access &= static_cast<uint8_t>(~removed.access);
    } else if (overlaps(removed, each) && (each.access & removed.access) != 0) {
      return make_error(text_of(removed) + " contradicts a part of the wider rule " + text_of(each) +
                        " before it; write the narrower rules only");
    }
  }
  std::erase_if(table.exceptions, [](const DeviceException& each) { return each.access == 0; });
  return {};
}

Result<void> apply_rule(DeviceTable& table, bool allow, const DeviceException& rule) {
  if (allow != table.allow_by_default) {
    add(table, rule);
    return {};
  }
  return subtract(table, rule);
}

// "a" is no access of the specification's, but runc takes it, and callers write it: it adds nothing to what is allowed, and
// denies everything.
Result<uint8_t> parse_access(std::string_view text, bool allow) {
  uint8_t access = 0;
  for (const char c : text) {
    if (c == 'r')
      access |= access_read;
    else if (c == 'w')
      access |= access_write;
    else if (c == 'm')
      access |= access_mknod;
    else if (c == 'a')
      access |= allow ? 0 : access_all;
    else
      return make_error("access: " + quoted(text) + " may only hold r, w and m");
  }
  return access;
}

Result<void> add_spec_rule(DeviceTable& table, const oci::DeviceRule& rule) {
  if (rule.type.empty() || rule.type == "a") {
    table = DeviceTable{rule.allow, {}};
    return {};
  }
  if (rule.type != "c" && rule.type != "b") return make_error("type: must be a, b or c, found " + quoted(rule.type));
  DeviceException exception{rule.type[0], rule.major.value_or(any_number), rule.minor.value_or(any_number), 0};
  for (const int64_t number : {exception.major, exception.minor}) {
    if (number < any_number || number > INT32_MAX) return make_error(format("%lld is not a device number",
                                                                            static_cast<long long>(number)));
  }
  exception.access = TRY(parse_access(rule.access, rule.allow));
  if (exception.access == 0) return make_error("access: must not be empty; use some of r, w and m");
  return apply_rule(table, rule.allow, exception);
}

int64_t parse_number(std::string_view text, bool& good) {
  if (text == "*") return any_number;
  int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  good = good && end.ec == std::errc() && end.ptr == text.data() + text.size();
  return number;
}

}  // namespace

Result<DeviceTable> plan_devices(const std::vector<oci::DeviceRule>& rules) {
  DeviceTable table;
  for (size_t i = 0; i < rules.size(); ++i)
    TRY_CONTEXT(add_spec_rule(table, rules[i]), format("linux.resources.devices[%zu]", i));
  if (table.allow_by_default) return table;
  for (const DeviceException& each : default_exceptions) add(table, each);
  return table;
}

std::vector<FileWrite> plan_device_writes(const DeviceTable* current, const DeviceTable& wanted) {
  std::vector<FileWrite> writes;
  const char* more = wanted.allow_by_default ? "devices.deny" : "devices.allow";
  const char* less = wanted.allow_by_default ? "devices.allow" : "devices.deny";
  const auto write = [&](const char* file, std::string value) {
    FileWrite each;
    each.file = file;
    each.value = std::move(value);
    writes.push_back(std::move(each));
  };
  const bool same_default = current != nullptr && current->allow_by_default == wanted.allow_by_default;
  if (!same_default) write(less, "a");
  const std::vector<DeviceException> nothing;
  const auto& before = same_default ? current->exceptions : nothing;
  const auto access_in = [](const std::vector<DeviceException>& list, const DeviceException& devices) {
    uint8_t access = 0;
    for (const DeviceException& each : list) access |= same_devices(each, devices) ? each.access : uint8_t{0};
    return access;
  };
  for (DeviceException each : wanted.exceptions) {
    each.access &= static_cast<uint8_t>(~access_in(before, each));
    if (each.access != 0) write(more, text_of(each));
  }
  for (DeviceException each : before) {
    each.access &= static_cast<uint8_t>(~access_in(wanted.exceptions, each));
    if (each.access != 0) write(less, text_of(each));
  }
  return writes;
}

Result<DeviceTable> parse_devices_list(std::string_view text) {
  DeviceTable table;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    // "a *:* rwm" stands for "all allowed"; the kernel shows no exceptions of that form.
    if (line[0] == 'a') return DeviceTable{true, {}};
    const size_t colon = line.find(':'), space = line.find(' ', 2);
    bool good = line.size() > 4 && line[1] == ' ' && (line[0] == 'b' || line[0] == 'c') &&
                colon != std::string_view::npos && space != std::string_view::npos && colon < space;
    if (!good) return make_error("malformed devices.list line " + quoted(line, 80));
    DeviceException each{line[0], parse_number(line.substr(2, colon - 2), good),
                         parse_number(line.substr(colon + 1, space - colon - 1), good), 0};
    if (!good) return make_error("malformed devices.list line " + quoted(line, 80));
    each.access = TRY(parse_access(line.substr(space + 1), true));
    table.exceptions.push_back(each);
  }
  return table;
}

}  // namespace nemoclaw::cgroup
