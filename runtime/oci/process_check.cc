#include <string_view>

#include "runtime/oci/spec_check.h"

namespace nemoclaw::oci {

namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view each : words) {
    if (word == each) return true;
  }
  return false;
}

Result<void> check_rlimits(const std::vector<Rlimit>& rlimits) {
  for (size_t i = 0; i < rlimits.size(); ++i) {
    const Rlimit& limit = rlimits[i];
    if (!one_of(limit.type,
                {"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS",
                 "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS",
                 "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"}))
      return make_error(format("process.rlimits[%zu].type: invalid rlimit type %s", i, quoted(limit.type).c_str()));
    if (limit.soft > limit.hard)
      return make_error(format("process.rlimits[%zu]: %s: soft %llu is above hard %llu", i, limit.type.c_str(),
                               static_cast<unsigned long long>(limit.soft),
                               static_cast<unsigned long long>(limit.hard)));
    for (size_t before = 0; before < i; ++before) {
      if (rlimits[before].type == limit.type)
        return make_error(format("process.rlimits[%zu].type: %s is given twice", i, limit.type.c_str()));
    }
  }
  return {};
}

Result<void> check_environment(const Strings& env) {
  for (size_t i = 0; i < env.size(); ++i) {
    const size_t equals = env[i].find('=');
    if (equals == std::string::npos)
      return make_error(format("process.env[%zu]: invalid environment variable: missing '=' in %s", i, quoted(env[i]).c_str()));
    if (equals == 0)
      return make_error(format("process.env[%zu]: invalid environment variable: name cannot be empty in %s", i,
                               quoted(env[i]).c_str()));
  }
  return {};
}

Result<void> check_scheduler(const Scheduler& scheduler) {
  const std::string_view policy = scheduler.policy;
  if (!one_of(policy, {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE",
                       "SCHED_DEADLINE"}))
    return make_error("process.scheduler.policy: unknown policy " + quoted(policy));
  if (scheduler.nice < -20 || scheduler.nice > 19)
    return make_error(format("process.scheduler.nice: %d is not between -20 and 19", scheduler.nice));
  if (scheduler.priority != 0 && !one_of(policy, {"SCHED_FIFO", "SCHED_RR"}))
    return make_error("process.scheduler.priority: only SCHED_FIFO and SCHED_RR have a priority");
  const bool times = scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0;
  if (times && policy != "SCHED_DEADLINE")
    return make_error("process.scheduler: runtime, deadline and period belong to SCHED_DEADLINE only");
  return {};
}

Result<void> check_io_priority(const IoPriority& priority) {
  if (!one_of(priority.class_name, {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"}))
    return make_error("process.ioPriority.class: unknown class " + quoted(priority.class_name));
  if (priority.priority < 0 || priority.priority > 7)
    return make_error(format("process.ioPriority.priority: %d is not between 0 and 7", priority.priority));
  return {};
}

}  // namespace

Result<void> check_process(const Process& process) {
  if (!process.command_line.empty())
    return make_error("process.commandLine: is for Windows only; use process.args");
  if (process.args.empty()) return make_error("process.args: args must not be empty");
  if (process.cwd.empty()) return make_error("process.cwd: Cwd property must not be empty");
  if (process.cwd[0] != '/') return make_error("process.cwd: Cwd must be an absolute path, found " + quoted(process.cwd));
  TRY(check_environment(process.env));
  if (process.user.umask.value_or(0) > 0777)
    return make_error(format("process.user.umask: %#o is above 0777", *process.user.umask));
  if (const int score = process.oom_score_adj.value_or(0); score < -1000 || score > 1000)
    return make_error(format("process.oomScoreAdj: %d is not between -1000 and 1000", score));
  TRY(check_rlimits(process.rlimits));
  if (process.scheduler) TRY(check_scheduler(*process.scheduler));
  if (process.io_priority) TRY(check_io_priority(*process.io_priority));
  return {};
}

}  // namespace nemoclaw::oci
