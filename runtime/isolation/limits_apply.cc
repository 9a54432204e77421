#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/isolation/limits_plan.h"

namespace nemoclaw::isolation {

Result<void> apply_rlimits(const LimitsPlan& plan, pid_t pid) {
  for (const RlimitStep& step : plan.rlimits)
    if (prlimit64(pid, static_cast<__rlimit_resource>(step.resource), &step.limit, nullptr) != 0)
      return errno_error("set " + step.name +
                         format(" to %llu:%llu", static_cast<unsigned long long>(step.limit.rlim_cur),
                                static_cast<unsigned long long>(step.limit.rlim_max)));
  return {};
}

Result<void> apply_oom_score_adj(const LimitsPlan& plan, pid_t pid) {
  if (!plan.oom_score_adj) return {};
  const std::string file = format("/proc/%d/oom_score_adj", pid),
                    wanted = std::to_string(*plan.oom_score_adj);
  std::string current = TRY(read_file(file, 64));
  while (current.ends_with('\n')) current.pop_back();
  if (current == wanted) return {};
  TRY_CONTEXT(write_file(file, wanted), "process.oomScoreAdj");
  return {};
}

Result<void> apply_affinity(const std::vector<uint64_t>& cpus, pid_t pid) {
  if (cpus.empty()) return {};
  if (syscall(SYS_sched_setaffinity, pid, cpus.size() * sizeof cpus[0], cpus.data()) != 0)
    return errno_error("process.execCPUAffinity: sched_setaffinity");
  return {};
}

void reset_affinity(pid_t pid) {
  // The kernel takes out what the machine and the cpuset do not have.
  std::array<uint64_t, 128> every;
  every.fill(~uint64_t{0});
  if (syscall(SYS_sched_setaffinity, pid, sizeof every, every.data()) != 0)
    log::debug(errno_error(format("CPU affinity of process %d is not reset", pid)).message);
}

Result<void> apply_scheduling(const LimitsPlan& plan) {
  if (plan.scheduler) {
    SchedulerAttributes attributes = *plan.scheduler;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) {
      const int cause = errno;
      Error error = errno_error("process.scheduler: sched_setattr", cause);
      // sched(7): a deadline is for all CPUs of the root domain.
      if (cause == EPERM && plan.has_cpuset) error.message += "; process scheduler can't be used together with AllowedCPUs";
      return error;
    }
  }
  constexpr int who_process = 1;  // IOPRIO_WHO_PROCESS
  if (plan.io_priority && syscall(SYS_ioprio_set, who_process, 0, *plan.io_priority) != 0)
    return errno_error("process.ioPriority: ioprio_set");
  if (plan.memory_policy) {
    const MemoryPolicyStep& step = *plan.memory_policy;
    // The kernel wants the number of bits plus one.
    const unsigned long bits = step.nodes.empty() ? 0 : step.nodes.size() * 64 + 1;
    if (syscall(SYS_set_mempolicy, step.mode, step.nodes.empty() ? nullptr : step.nodes.data(), bits) != 0)
      return errno_error("linux.memoryPolicy: set_mempolicy");
  }
  if (plan.personality && personality(*plan.personality) < 0) return errno_error("linux.personality");
  return {};
}

}  // namespace nemoclaw::isolation
