// /proc/self/mountinfo and the image's passwd hold names that others chose.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/cgroup/driver.h"
#include "runtime/cgroup/resctrl.h"
#include "runtime/isolation/identity.h"
#include "runtime/isolation/mount_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)cgroup::resctrl_mount_point(text);
  if (const Result<cgroup::Layout> layout = cgroup::parse_layout(text); layout)
    for (const cgroup::Hierarchy& each : layout->hierarchies)
      (void)isolation::cgroup_path_of(text, {each.mount_point, each.controllers});
  if (isolation::home_directory(text, 1000).empty()) abort();
  return 0;
}
