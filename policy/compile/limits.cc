// rlimits, pids and no_new_privileges: always the lower of what manager, policy and the runtime's own process
// have.
#include <algorithm>
#include <limits>

#include "policy/compile/compilation.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();

const oci::Rlimit* find_limit(const std::vector<oci::Rlimit>& limits, std::string_view type) {
  for (const oci::Rlimit& each : limits)
    if (each.type == type) return &each;
  return nullptr;
}

void lower(const Compilation& compilation, const char* type, uint64_t value, const char* why) {
  std::vector<oci::Rlimit>& limits = compilation.process().rlimits;
  if (const oci::Rlimit* inherited = find_limit(compilation.facts.inherited_rlimits, type))
    value = std::min(value, inherited->hard);
  bool found = false;
  for (oci::Rlimit& each : limits) {
    if (each.type != type) continue;
    each.soft = std::min(each.soft, value);
    each.hard = std::min(each.hard, value);
    found = true;
  }
  if (!found) limits.push_back({type, value, value});
  const oci::Rlimit* now = find_limit(limits, type);
  compilation.note("process", format("%s at most %llu", type, static_cast<unsigned long long>(now->hard)),
                   why);
}

void lower_pids(const Compilation& compilation) {
  uint64_t most = compilation.policy.process.max_processes;
  if (most == 0 || most >= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return;
  auto& resources = compilation.effective.spec.linux_.resources;
  if (!resources) resources.emplace();
  auto& limit = resources->pids_limit;
  // Below 0 is unlimited; 0 is the runtime's spelling of 1.
  if (limit && *limit >= 0 && *limit <= static_cast<int64_t>(most)) return;
  limit = static_cast<int64_t>(most);
  compilation.note("process",
                   format("at most %lld processes in the container", static_cast<long long>(*limit)),
                   "process.max_processes");
}

}  // namespace

Result<void> compile_limits(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  lower(compilation, "RLIMIT_NPROC", policy.max_processes, "process.max_processes");
  lower(compilation, "RLIMIT_CORE", policy.max_core_bytes, "process.max_core_bytes");
  if (policy.max_open_files.value_or(unlimited) != unlimited)
    lower(compilation, "RLIMIT_NOFILE", *policy.max_open_files, "process.max_open_files");
  lower_pids(compilation);
  oci::Process& process = compilation.process();
  process.no_new_privileges = process.no_new_privileges || policy.no_new_privileges;
  if (!process.no_new_privileges)
    compilation.note("process", "warning: set-user-ID programs can raise privileges",
                     "process.no_new_privileges");
  return {};
}

}  // namespace nemoclaw::policy
