#include "runtime/isolation/limits_plan.h"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>

#include <charconv>

namespace nemoclaw::isolation {

namespace {

struct Word {
  std::string_view name;
  uint64_t value;
};

template <size_t N>
std::optional<uint64_t> look_up(const Word (&table)[N], std::string_view name) {
  for (const Word& word : table)
    if (word.name == name) return word.value;
  return std::nullopt;
}

constexpr Word rlimit_words[] = {{"RLIMIT_AS", RLIMIT_AS},
                                 {"RLIMIT_CORE", RLIMIT_CORE},
                                 {"RLIMIT_CPU", RLIMIT_CPU},
                                 {"RLIMIT_DATA", RLIMIT_DATA},
                                 {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                 {"RLIMIT_LOCKS", RLIMIT_LOCKS},
                                 {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                 {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                 {"RLIMIT_NICE", RLIMIT_NICE},
                                 {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                 {"RLIMIT_NPROC", RLIMIT_NPROC},
                                 {"RLIMIT_RSS", RLIMIT_RSS},
                                 {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                 {"RLIMIT_RTTIME", RLIMIT_RTTIME},
                                 {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                 {"RLIMIT_STACK", RLIMIT_STACK}};

constexpr Word scheduler_words[] = {{"SCHED_OTHER", 0},   {"SCHED_FIFO", 1}, {"SCHED_RR", 2},
                                    {"SCHED_BATCH", 3},   {"SCHED_ISO", 4},  {"SCHED_IDLE", 5},
                                    {"SCHED_DEADLINE", 6}};
constexpr Word scheduler_flag_words[] = {
    {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
    {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
    {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}, {"SCHED_FLAG_UTIL_CLAMP", 0x60}};
constexpr Word io_class_words[] = {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};
constexpr Word memory_mode_words[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},  {"MPOL_BIND", MPOL_BIND},           {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_WEIGHTED_INTERLEAVE", 6}, {"MPOL_PREFERRED", MPOL_PREFERRED}, {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_LOCAL", MPOL_LOCAL}};
constexpr Word memory_flag_words[] = {{"MPOL_F_NUMA_BALANCING", 1U << 13},
                                      {"MPOL_F_RELATIVE_NODES", 1U << 14},
                                      {"MPOL_F_STATIC_NODES", 1U << 15}};

Result<void> plan_rlimits(const oci::Process& process, LimitsPlan& plan) {
  for (size_t i = 0; i < process.rlimits.size(); ++i) {
    const oci::Rlimit& each = process.rlimits[i];
    const std::string at = format("process.rlimits[%zu]", i);
    const auto resource = look_up(rlimit_words, each.type);
    if (!resource) return make_error(at + ".type: unknown limit " + quoted(each.type));
    for (const RlimitStep& earlier : plan.rlimits)
      if (earlier.name == each.type) return make_error(at + ".type: " + each.type + " is there twice");
    if (each.soft > each.hard) return make_error(at + ": the soft limit is higher than the hard one");
    plan.rlimits.push_back({static_cast<int>(*resource), each.type, {each.soft, each.hard}});
  }
  return {};
}

Result<void> plan_scheduler(const oci::Process& process, LimitsPlan& plan) {
  if (!process.scheduler) return {};
  const oci::Scheduler& asked = *process.scheduler;
  const auto policy = look_up(scheduler_words, asked.policy);
  if (!policy) return make_error("process.scheduler.policy: unknown policy " + quoted(asked.policy));
  SchedulerAttributes attributes;
  attributes.size = 48;  // SCHED_ATTR_SIZE_VER0: without the clamps, for kernels that lack them
  attributes.policy = static_cast<uint32_t>(*policy);
  for (const std::string& name : asked.flags) {
    const auto flag = look_up(scheduler_flag_words, name);
    if (!flag) return make_error("process.scheduler.flags: unknown flag " + quoted(name));
    attributes.flags |= *flag;
  }
  if ((attributes.flags & 0x60) != 0) attributes.size = 56;
  attributes.nice = asked.nice;
  attributes.priority = static_cast<uint32_t>(asked.priority);
  attributes.runtime = asked.runtime;
  attributes.deadline = asked.deadline;
  attributes.period = asked.period;
  plan.scheduler = attributes;
  return {};
}

Result<void> plan_io_priority(const oci::Process& process, LimitsPlan& plan) {
  if (!process.io_priority) return {};
  const auto klass = look_up(io_class_words, process.io_priority->class_name);
  if (!klass)
    return make_error("process.ioPriority.class: unknown class " + quoted(process.io_priority->class_name));
  const int priority = process.io_priority->priority;
  if (priority < 0 || priority > 7) return make_error("process.ioPriority.priority: must be 0 to 7");
  plan.io_priority = static_cast<int>(*klass) << 13 | priority;
  return {};
}

Result<void> plan_personality(const oci::Linux& linux_, LimitsPlan& plan) {
  if (!linux_.personality) return {};
  if (linux_.personality->domain == "LINUX")
    plan.personality = PER_LINUX;
  else if (linux_.personality->domain == "LINUX32")
    plan.personality = PER_LINUX32;
  else
    return make_error("linux.personality.domain: unknown domain " + quoted(linux_.personality->domain) +
                      "; use LINUX or LINUX32");
  if (!linux_.personality->flags.empty()) return make_error("linux.personality.flags: none is supported");
  return {};
}

Result<void> plan_memory_policy(const oci::Linux& linux_, LimitsPlan& plan) {
  if (!linux_.memory_policy) return {};
  const oci::MemoryPolicy& policy = *linux_.memory_policy;
  if (policy.mode.empty() && policy.nodes.empty() && policy.flags.empty()) return {};
  const auto mode = look_up(memory_mode_words, policy.mode);
  if (!mode) return make_error("linux.memoryPolicy.mode: invalid memory policy mode " + quoted(policy.mode));
  MemoryPolicyStep step;
  step.mode = static_cast<int>(*mode);
  for (const std::string& name : policy.flags) {
    const auto flag = look_up(memory_flag_words, name);
    if (!flag) return make_error("linux.memoryPolicy.flags: invalid memory policy flag " + quoted(name));
    step.mode |= static_cast<int>(*flag);
  }
  for (const uint64_t word :
       TRY_CONTEXT(parse_cpu_list(policy.nodes), "linux.memoryPolicy.nodes: invalid memory policy node"))
    step.nodes.push_back(word);
  plan.memory_policy = std::move(step);
  return {};
}

}  // namespace

Result<std::vector<uint64_t>> parse_cpu_list(const std::string& list) {
  constexpr unsigned number_max = 8191;  // the kernel's own compile-time maximum
  std::vector<uint64_t> mask;
  std::string_view rest = list;
  const auto bad = [&] { return make_error("malformed list " + quoted(list) + "; write it like 0-3,7"); };
  while (!rest.empty()) {
    std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const size_t dash = std::min(part.find('-'), part.size());
    unsigned first = 0, last = 0;
    const auto number = [](std::string_view text, unsigned& out) {
      const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
      return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
    };
    if (!number(part.substr(0, dash), first)) return bad();
    last = first;
    if (dash < part.size() && !number(part.substr(dash + 1), last)) return bad();
    if (last < first || last > number_max) return bad();
    if (mask.size() <= last / 64) mask.resize(last / 64 + 1);
    for (unsigned each = first; each <= last; ++each) mask[each / 64] |= uint64_t{1} << (each % 64);
  }
  return mask;
}

Result<LimitsPlan> plan_limits(const oci::Process& process, const oci::Linux& linux_) {
  LimitsPlan plan;
  TRY(plan_rlimits(process, plan));
  plan.oom_score_adj = process.oom_score_adj;
  TRY(plan_scheduler(process, plan));
  plan.has_cpuset = linux_.resources && linux_.resources->cpu && !linux_.resources->cpu->cpus.empty();
  TRY(plan_io_priority(process, plan));
  if (process.exec_cpu_affinity) {
    plan.initial_cpus =
        TRY_CONTEXT(parse_cpu_list(process.exec_cpu_affinity->initial), "process.execCPUAffinity.initial");
    plan.final_cpus =
        TRY_CONTEXT(parse_cpu_list(process.exec_cpu_affinity->final), "process.execCPUAffinity.final");
  }
  TRY(plan_personality(linux_, plan));
  TRY(plan_memory_policy(linux_, plan));
  return plan;
}

}  // namespace nemoclaw::isolation
