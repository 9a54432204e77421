// Device access of a container as the kernel's v1 controller understands it: a default and a list of exceptions. v2's
// BPF program is built from the same table, so both mean the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

inline constexpr int64_t any_number = -1;

// Bits as in BPF_DEVCG_ACC_*.
inline constexpr uint8_t access_mknod = 1, access_read = 2, access_write = 4, access_all = 7;

struct DeviceException {
  char type = 'c';  // 'b' or 'c'
  int64_t major = any_number, minor = any_number;
  uint8_t access = 0;
  bool operator==(const DeviceException&) const = default;
};

struct DeviceTable {
  bool allow_by_default = false;
  std::vector<DeviceException> exceptions;
  bool operator==(const DeviceTable&) const = default;
};

// The spec's rules in order, then what every container may do: the default device nodes, and mknod of any (which gives
// no access to them). Begins with everything denied.
Result<DeviceTable> plan_devices(const std::vector<oci::DeviceRule>& rules);

// v1: what to write to turn `current` into `wanted` without taking away, even for a moment, what both allow.
std::vector<FileWrite> plan_device_writes(const DeviceTable* current, const DeviceTable& wanted);

// The content of v1's devices.list.
Result<DeviceTable> parse_devices_list(std::string_view text);

}  // namespace nemoclaw::cgroup
