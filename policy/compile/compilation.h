// What the parts of the translation share while one container is compiled. Each part takes the manager's spec
// as it stands in `effective` and narrows it, and writes a line into the report for everything that it
// changes or adds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/compile/compile.h"

namespace nemoclaw::policy {

struct Compilation {
  const Policy& policy;
  const Facts& facts;
  oci::EffectiveSpec& effective;
  std::vector<ReportLine>& report;

  void note(std::string area, std::string what, std::string why) const {
    report.push_back({std::move(area), std::move(what), std::move(why)});
  }
  oci::Process& process() const { return *effective.spec.process; }
};

// "key (policy line 12)", or "key" for a value that no line wrote.
std::string policy_place(std::string_view key, Location at = {});

Result<void> compile_namespaces(
    const Compilation& compilation);  // network, pid, mount: what the fence stands on
Result<void> compile_user(const Compilation& compilation);
Result<void> compile_capabilities(const Compilation& compilation);
Result<void> compile_limits(const Compilation& compilation);
Result<void> compile_environment(const Compilation& compilation);
Result<void> compile_filesystem(const Compilation& compilation);
Result<void> compile_devices(const Compilation& compilation);
Result<void> compile_kernel_paths(
    const Compilation& compilation);  // masked and read-only parts of /proc and /sys
Result<void> compile_syscalls(const Compilation& compilation);
Result<void> compile_egress(const Compilation& compilation);  // hooks
void compile_trust(const Compilation& compilation);           // the sandbox's authority in the image's eyes

}  // namespace nemoclaw::policy
