#include "runtime/isolation/seccomp_plan.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/isolation/seccomp_filter.h"
#include "runtime/isolation/seccomp_multiplexed.h"
#include "runtime/isolation/seccomp_numbers.h"
#include "runtime/isolation/seccomp_words.h"

namespace nemoclaw::isolation {
namespace {

using Architecture = SeccompArchitecture;
using Architectures = std::vector<Architecture>;

constexpr uint32_t x32_bit = 0x40000000;
constexpr uint32_t action_mask = SECCOMP_RET_ACTION_FULL;

// One entry of the profile's `syscalls`: every alternative is a set of checks of which all must hold; an
// empty list of checks always holds.
struct ProfileRule {
  std::vector<std::vector<ArgumentCheck>> alternatives;
  uint32_t action = 0;
};

struct Profile {
  uint32_t default_action = 0;
  Architectures architectures;  // native first, without duplicates
  std::vector<ProfileRule> rules;
};

// What a rule says about one number of one architecture.
struct NumberedRule {
  uint32_t number = 0;
  const ProfileRule* rule = nullptr;
  uint32_t subcall = 0;  // not 0: the number is socketcall or ipc, and argument 0 must be this
};

struct ArchitectureRules {
  std::vector<NumberedRule> rules;
  int64_t newest = -1;  // highest number that the profile names
};

int32_t number_of(const SyscallNumbers& row, Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return row.x86_64;
    case Architecture::X86:
      return row.x86;
    case Architecture::X32:
      return row.x32;
    case Architecture::Aarch64:
      return row.aarch64;
    case Architecture::Arm:
      return row.arm;
    case Architecture::Foreign:
      return -1;
  }
  return -1;
}

Result<ArgumentCheck> decode_check(const oci::SeccompArg& arg, const std::string& at) {
  if (arg.index > 5)
    return make_error(at + format(".index: %u is not one of the arguments 0 to 5", arg.index));
  ArgumentCheck check{arg.index, TRY(seccomp_comparison(arg.op, at + ".op")), arg.value};
  if (check.comparison == Comparison::MaskedEqual) {
    check.mask = arg.value;
    check.value = arg.value_two;
  }
  return check;
}

Result<ProfileRule> decode_rule(const oci::SeccompRule& source, const std::string& at) {
  ProfileRule rule;
  rule.action = TRY(seccomp_action(source.action, source.errno_ret, at + ".action"));
  std::vector<ArgumentCheck> checks;
  std::array<unsigned, 6> uses{};
  for (size_t i = 0; i < source.args.size(); ++i) {
    checks.push_back(TRY(decode_check(source.args[i], at + ".args[" + std::to_string(i) + "]")));
    ++uses[checks.back().index];
  }
  // Two checks of one argument are alternatives, not a conjunction: profiles in the field are written for
  // what runc and crun have always made of them.
  if (std::any_of(uses.begin(), uses.end(), [](unsigned count) { return count > 1; }))
    for (const ArgumentCheck& check : checks) rule.alternatives.push_back({check});
  else
    rule.alternatives.push_back(std::move(checks));
  return rule;
}

Result<Architectures> decode_architectures(const oci::Seccomp& source, Machine machine) {
  bool x86 = machine == Machine::X86_64;
  Architectures result{x86 ? Architecture::X86_64 : Architecture::Aarch64};
  for (size_t i = 0; i < source.architectures.size(); ++i) {
    Architecture each = TRY(seccomp_architecture(source.architectures[i],
                                                 "linux.seccomp.architectures[" + std::to_string(i) + "]"));
    bool runs_here =
        x86 ? each <= Architecture::X32 : each == Architecture::Aarch64 || each == Architecture::Arm;
    if (runs_here && std::find(result.begin(), result.end(), each) == result.end()) result.push_back(each);
  }
  return result;
}

Result<Profile> decode_profile(const oci::Seccomp& source, Machine machine) {
  Profile profile;
  profile.default_action =
      TRY(seccomp_action(source.default_action, source.default_errno_ret, "linux.seccomp.defaultAction"));
  // The process would wait for a listener's answer before the listener's descriptor has left it.
  if ((profile.default_action & action_mask) == SECCOMP_RET_USER_NOTIF)
    return make_error(
        "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default; name the system calls");
  profile.architectures = TRY(decode_architectures(source, machine));
  profile.rules.reserve(source.syscalls.size());
  for (size_t i = 0; i < source.syscalls.size(); ++i) {
    std::string at = "linux.seccomp.syscalls[" + std::to_string(i) + "]";
    profile.rules.push_back(TRY(decode_rule(source.syscalls[i], at)));
    bool notify = (profile.rules.back().action & action_mask) == SECCOMP_RET_USER_NOTIF;
    const oci::Strings& names = source.syscalls[i].names;
    if (notify && std::find(names.begin(), names.end(), "write") != names.end())
      return make_error(
          at + ".action: SCMP_ACT_NOTIFY cannot be used for the write syscall, with which the listener is handed over");
  }
  return profile;
}

void add_number(ArchitectureRules& into, Architecture architecture, int32_t number, const ProfileRule& rule) {
  if (architecture == Architecture::X86) {
    MultiplexedCall call = multiplexed_on_x86(number);
    if (call.subcall != 0) into.rules.push_back({call.multiplexer, &rule, call.subcall});
    if (number < 0) number = call.direct;
  }
  if (number < 0) return;
  into.newest = std::max<int64_t>(into.newest, number);
  into.rules.push_back({static_cast<uint32_t>(number), &rule, 0});
}

// Rules in the order of the profile, by architecture; names that no table knows go to `unknown`.
std::vector<ArchitectureRules> number_rules(const oci::Seccomp& source, const Profile& profile,
                                            std::vector<std::string>& unknown) {
  std::vector<ArchitectureRules> result(profile.architectures.size());
  for (size_t i = 0; i < source.syscalls.size(); ++i) {
    for (const std::string& name : source.syscalls[i].names) {
      const SyscallNumbers* row = find_syscall(name);
      if (row == nullptr) unknown.push_back(name);
      for (size_t a = 0; row != nullptr && a < result.size(); ++a)
        add_number(result[a], profile.architectures[a], number_of(*row, profile.architectures[a]),
                   profile.rules[i]);
    }
  }
  for (ArchitectureRules& each : result)
    std::stable_sort(each.rules.begin(), each.rules.end(),
                     [](const NumberedRule& a, const NumberedRule& b) { return a.number < b.number; });
  return result;
}

// As libseccomp: the first unconditional rule settles the call, and replaces conditions that stood before it.
Outcome fold_rules(const NumberedRule* first, const NumberedRule* last, uint32_t default_action,
                   bool words_only) {
  Outcome outcome{{}, default_action, false};
  for (const NumberedRule* each = first; each != last; ++each) {
    if (each->rule->action == default_action) continue;  // runc never tells libseccomp of these
    for (const std::vector<ArgumentCheck>& checks : each->rule->alternatives) {
      if (checks.empty() && each->subcall == 0) return Outcome{{}, each->rule->action, false};
      ConditionalAction condition{checks, each->rule->action};
      if (each->subcall != 0) restrict_to_subcall(condition.checks, each->subcall);
      outcome.conditions.push_back(std::move(condition));
      outcome.words_only = words_only;
    }
  }
  return outcome;
}

// A profile that does not know a call cannot forbid it knowingly: programs try new calls and fall back on
// ENOSYS, but give up on EPERM. Tracers and permissive defaults are left alone.
bool unknown_calls_are_enosys(uint32_t default_action) {
  uint32_t action = default_action & action_mask;
  return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE;
}

void append_architecture(OutcomeRanges& ranges, const ArchitectureRules& rules, uint32_t base,
                         bool words_only, uint32_t default_action) {
  const Outcome otherwise{{}, default_action, false};
  append_range(ranges, base, otherwise);
  const NumberedRule* end = rules.rules.data() + rules.rules.size();
  for (const NumberedRule* first = rules.rules.data(); first != end;) {
    const NumberedRule* last = first + 1;
    while (last != end && last->number == first->number) ++last;
    append_range(ranges, base + first->number, fold_rules(first, last, default_action, words_only));
    append_range(ranges, base + first->number + 1, otherwise);
    first = last;
  }
  if (rules.newest >= 0 && unknown_calls_are_enosys(default_action))
    append_range(ranges, base + static_cast<uint32_t>(rules.newest) + 1,
                 {{}, SECCOMP_RET_ERRNO | ENOSYS, false});
}

// x86_64 and x32 share the kernel's architecture value and differ by a bit of the number.
OutcomeRanges ranges_of_native(const Profile& profile, const std::vector<ArchitectureRules>& rules) {
  OutcomeRanges ranges;
  append_architecture(ranges, rules[0], 0, false, profile.default_action);
  if (profile.architectures[0] != Architecture::X86_64) return ranges;
  Outcome beyond = ranges.back().second;
  auto x32 = std::find(profile.architectures.begin(), profile.architectures.end(), Architecture::X32);
  if (x32 != profile.architectures.end()) {
    append_architecture(ranges, rules[static_cast<size_t>(x32 - profile.architectures.begin())], x32_bit,
                        true, profile.default_action);
  } else {
    append_range(ranges, x32_bit, {{}, SECCOMP_RET_KILL_THREAD, false});
    append_range(ranges, ~uint32_t{0}, beyond);  // -1 is "no system call", not one of x32
  }
  return ranges;
}

std::vector<sock_filter> assemble(const Profile& profile, const std::vector<ArchitectureRules>& rules) {
  ProgramBuilder builder;
  ProgramBuilder::Label entry = builder.ret(SECCOMP_RET_KILL_THREAD);
  for (size_t i = 1; i < rules.size(); ++i) {
    Architecture each = profile.architectures[i];
    if (each == Architecture::X32) continue;
    OutcomeRanges ranges;
    append_architecture(ranges, rules[i], 0, true, profile.default_action);
    uint32_t audit = each == Architecture::X86 ? AUDIT_ARCH_I386 : AUDIT_ARCH_ARM;
    entry = builder.branch(BPF_JEQ, audit, emit_decision(builder, ranges), entry);
  }
  // Tested first, because nearly every call is native.
  uint32_t native = profile.architectures[0] == Architecture::X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
  ProgramBuilder::Label decision = emit_decision(builder, ranges_of_native(profile, rules));
  entry = builder.branch(BPF_JEQ, native, decision, entry);
  return builder.finish(builder.load(offsetof(seccomp_data, arch), entry));
}

Result<uint32_t> decode_flags(const oci::Seccomp& source, bool notify) {
  // Without flags the mitigations against speculative store bypass stay off, as runc does; they cost programs
  // a lot.
  if (!source.flags) return uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW};
  uint32_t flags = 0;
  for (size_t i = 0; i < source.flags->size(); ++i)
    flags |= TRY(seccomp_flag((*source.flags)[i], "linux.seccomp.flags[" + std::to_string(i) + "]"));
  constexpr uint32_t for_listeners_only =
      1u << 5;  // WAIT_KILLABLE_RECV: the kernel refuses it without a listener
  return notify ? flags : flags & ~for_listeners_only;
}

}  // namespace

Result<SeccompPlan> plan_seccomp(const oci::Seccomp& seccomp, Machine machine) {
  Profile profile = TRY(decode_profile(seccomp, machine));
  SeccompPlan plan;
  plan.notify = std::any_of(profile.rules.begin(), profile.rules.end(), [](const ProfileRule& rule) {
    return (rule.action & action_mask) == SECCOMP_RET_USER_NOTIF;
  });
  plan.flags = TRY(decode_flags(seccomp, plan.notify));
  plan.program = assemble(profile, number_rules(seccomp, profile, plan.unknown_syscalls));
  if (plan.program.size() > BPF_MAXINSNS)
    return make_error(
        format("linux.seccomp: the profile needs %zu instructions, and the kernel takes %d; "
               "use fewer argument rules",
               plan.program.size(), BPF_MAXINSNS));
  return plan;
}

}  // namespace nemoclaw::isolation
