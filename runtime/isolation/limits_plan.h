// Limits and scheduling of the process: rlimits, OOM score, scheduler, I/O priority, CPU affinity, memory
// policy and personality (config.md "POSIX process", "Linux Process"; config-linux.md "Personality", "Memory
// policy").
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct RlimitStep {
  int resource = 0;
  std::string name;
  rlimit64 limit = {};
};

// struct sched_attr (sched_setattr(2)), which libc headers do not have.
struct SchedulerAttributes {
  uint32_t size = 0;
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0, deadline = 0, period = 0;
  uint32_t util_min = 0, util_max = 0;
};

struct MemoryPolicyStep {
  int mode = 0;  // MPOL_* with MPOL_F_*
  std::vector<unsigned long> nodes;
};

struct LimitsPlan {
  std::vector<RlimitStep> rlimits;
  std::optional<int> oom_score_adj;
  std::optional<SchedulerAttributes> scheduler;
  bool has_cpuset = false;                         // linux.resources.cpu.cpus
  std::optional<int> io_priority;                  // class << 13 | priority
  std::vector<uint64_t> initial_cpus, final_cpus;  // bit masks, 64 CPUs each; empty: as it is
  std::optional<unsigned long> personality;
  std::optional<MemoryPolicyStep> memory_policy;
};

// Pure. Errors name the field and the word ("process.rlimits[1].type: unknown limit 'RLIMIT_FOO'").
Result<LimitsPlan> plan_limits(const oci::Process& process, const oci::Linux& linux_);

// "0-3,7" -> bit mask; an error names what is wrong.
Result<std::vector<uint64_t>> parse_cpu_list(const std::string& list);

// By the parent, on `pid`: raising a hard limit or lowering an OOM score takes privilege over the host that
// the process in its user namespace has not. Written to oom_score_adj only if it changes: an unprivileged
// runtime may not lower it.
Result<void> apply_rlimits(const LimitsPlan& plan, pid_t pid);
Result<void> apply_oom_score_adj(const LimitsPlan& plan, pid_t pid);
Result<void> apply_affinity(const std::vector<uint64_t>& cpus, pid_t pid);
// All CPUs that the process's cpuset has, whatever the runtime's caller was bound to. Since Linux 6.2 joining a cpuset no
// longer does that (runc does it since 1.3.2).
void reset_affinity(pid_t pid);

// By the process itself, while it is privileged.
Result<void> apply_scheduling(const LimitsPlan& plan);

}  // namespace nemoclaw::isolation
