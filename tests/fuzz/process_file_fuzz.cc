// process.json and resources.json come from shims and users, `--cgroup` and other words from command lines.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/container/exec_cgroup.h"
#include "runtime/container/signals.h"
#include "runtime/container/user_name.h"
#include "runtime/oci/spec_check.h"
#include "runtime/oci/spec_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<oci::Process> process = oci::parse_process(text, "process.json"); process)
    (void)oci::check_process(*process);
  (void)oci::parse_resources(text, "stdin");
  (void)container::parse_signal(text);
  (void)container::user_name_in(text, 1000);
  (void)container::may_hold_processes(text);
  const Result<container::SubCgroup> sub = container::parse_sub_cgroup(std::string(text));
  // Whatever is accepted stays inside.
  if (sub && (sub->path.empty() || sub->path[0] != '/' || (sub->path + "/").find("/../") != std::string::npos)) abort();
  return 0;
}
