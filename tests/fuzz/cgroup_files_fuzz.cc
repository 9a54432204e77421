// mountinfo, /proc/self/cgroup and cgroup files hold names that others chose.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)cgroup::parse_layout(text);
  (void)cgroup::own_cgroup(text, "memory");
  (void)cgroup::parse_devices_list(text);
  (void)cgroup::parse_processes(text);
  (void)cgroup::find_number(text, "usage_usec");
  (void)cgroup::container_path(std::string(text), "id", "/own");
  return 0;
}
