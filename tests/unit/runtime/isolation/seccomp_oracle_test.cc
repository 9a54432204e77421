#include "nemoclaw_source_tree.h"
#include "tests/unit/runtime/isolation/seccomp_oracle.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <random>
#include <string>

#include "runtime/base/file.h"
#include "runtime/isolation/seccomp_numbers.h"
#include "runtime/oci/spec_reader.h"
#include "tests/unit/runtime/isolation/bpf_machine.h"

namespace nemoclaw::isolation {
namespace {

uint32_t oracle_action(const std::string& name, uint32_t data) {
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(data);
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(data);
  static const std::map<std::string, uint32_t> actions = {
      {"SCMP_ACT_KILL", SCMP_ACT_KILL},     {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},     {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
      {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},   {"SCMP_ACT_LOG", SCMP_ACT_LOG},
      {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
  };
  return actions.at(name);
}

scmp_compare oracle_comparison(const std::string& name) {
  static const std::map<std::string, scmp_compare> comparisons = {
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
  };
  return comparisons.at(name);
}

void add_architectures(scmp_filter_ctx context, const oci::Seccomp& seccomp, Machine machine) {
  static const std::map<std::string, uint32_t> architectures = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
                                                                {"SCMP_ARCH_X86", SCMP_ARCH_X86},
                                                                {"SCMP_ARCH_X32", SCMP_ARCH_X32},
                                                                {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
                                                                {"SCMP_ARCH_ARM", SCMP_ARCH_ARM}};
  if (machine == Machine::Aarch64) {
    seccomp_arch_add(context, SCMP_ARCH_AARCH64);
    seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
  }
  for (const std::string& name : seccomp.architectures) seccomp_arch_add(context, architectures.at(name));
}

void add_rule(scmp_filter_ctx context, const oci::SeccompRule& rule, uint32_t action, int number) {
  std::vector<scmp_arg_cmp> args;
  std::array<int, 6> uses{};
  for (const oci::SeccompArg& arg : rule.args) {
    args.push_back({arg.index, oracle_comparison(arg.op), arg.value, arg.value_two});
    ++uses[arg.index];
  }
  bool alternatives = std::any_of(uses.begin(), uses.end(), [](int count) { return count > 1; });
  if (!alternatives) {
    seccomp_rule_add_array(context, action, number, static_cast<unsigned>(args.size()), args.data());
    return;
  }
  for (const scmp_arg_cmp& arg : args) seccomp_rule_add_array(context, action, number, 1, &arg);
}

oci::Seccomp read_profile(const std::string& name) {
  std::string file = std::string(TEST_DATA_DIR) + "/seccomp/" + name;
  auto text = read_file(file);
  EXPECT_TRUE(text) << file;
  auto spec = oci::parse_spec(*text, name);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return *spec->linux_.seccomp;
}

// On x86 libseccomp resolves socket calls to numbers of its own; the kernel's are known to the reverse
// look-up only.
int64_t direct_number_on_x86(const std::string& wanted) {
  for (int number = 600; number >= 0; --number) {
    char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, number);
    bool found = name != nullptr && wanted == name;
    free(name);
    if (found) return number;
  }
  return -1;
}

// What runc puts before libseccomp's program; the oracle has only the latter.
struct NewestNumbers {
  std::map<uint32_t, int64_t> by_architecture;  // SCMP_ARCH_* -> highest number that the profile names
};

NewestNumbers newest_numbers(const oci::Seccomp& seccomp) {
  NewestNumbers newest;
  for (uint32_t each : std::initializer_list<uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
                                                       SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}) {
    int64_t& highest = newest.by_architecture[each] = -1;
    for (const oci::SeccompRule& rule : seccomp.syscalls)
      for (const std::string& name : rule.names) {
        int64_t number = seccomp_syscall_resolve_name_arch(each, name.c_str());
        if (each == SCMP_ARCH_X32 && number > 0) number &= 0x3fffffff;
        if (each == SCMP_ARCH_X86 && number < 0) number = direct_number_on_x86(name);
        highest = std::max(highest, number);
      }
  }
  return newest;
}

struct Compared {
  std::string label;
  oci::Seccomp seccomp;
  Machine machine;
};

class Differential {
 public:
  explicit Differential(const Compared& subject)
      : subject_(subject), newest_(newest_numbers(subject.seccomp)) {
    auto plan = plan_seccomp(subject.seccomp, subject.machine);
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().message);
    ours_ = plan->program;
    theirs_ = oracle_program(subject.seccomp, subject.machine);
    EXPECT_FALSE(theirs_.empty());
  }

  // True if both programs agree about this call, or ours says ENOSYS because the profile is older than the
  // call.
  bool check(uint32_t audit, uint32_t scmp, uint32_t number, const std::array<uint64_t, 6>& args) {
    seccomp_data data{static_cast<int>(number), audit, 0, {}};
    for (size_t i = 0; i < 6; ++i) data.args[i] = args[i];
    auto ours = run_bpf(ours_, data);
    auto theirs = run_bpf(theirs_, data);
    if (!ours || !theirs) {
      ADD_FAILURE() << subject_.label << ' ' << number << " leads outside of a program";
      return false;
    }
    uint32_t expected = theirs->value;
    int64_t newest = newest_.by_architecture[scmp];
    int64_t plain = scmp == SCMP_ARCH_X32 ? number & 0x3fffffff : number;
    bool permissive = subject_.seccomp.default_action == "SCMP_ACT_ALLOW";
    bool included = expected != SECCOMP_RET_KILL_THREAD || subject_.seccomp.default_action == "SCMP_ACT_KILL";
    if (plain > newest && newest >= 0 && !permissive && included) expected = SECCOMP_RET_ERRNO | ENOSYS;
    if (ours->value == expected) return true;
    EXPECT_EQ(ours->value, expected) << subject_.label << " audit " << std::hex << audit << std::dec
                                     << " number " << plain << " args " << args[0] << ' ' << args[1] << ' '
                                     << args[2];
    return false;
  }

 private:
  const Compared& subject_;
  NewestNumbers newest_;
  std::vector<sock_filter> ours_, theirs_;
};

std::vector<std::array<uint64_t, 6>> argument_patterns(const oci::Seccomp& seccomp) {
  std::vector<std::array<uint64_t, 6>> patterns = {{},
                                                   {1, 1, 1, 1, 1, 1},
                                                   {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull},
                                                   {0xffffffff, 0, 0, 0, 0, 0},
                                                   {0x7e020000, 0x7e020000},
                                                   {0x10000000},
                                                   {0x100000000ull},
                                                   {16, 3, 9},
                                                   {16, 3, 0},
                                                   {40, 1},
                                                   {8},
                                                   {2, 1}};
  // Around every value that the profile compares with.
  for (const oci::SeccompRule& rule : seccomp.syscalls)
    for (const oci::SeccompArg& arg : rule.args)
      for (uint64_t value : std::initializer_list<uint64_t>{
               arg.value, arg.value - 1, arg.value + 1, arg.value_two, arg.value | arg.value_two,
               arg.value + 0x100000000ull, arg.value ^ 0x8000000000000000ull}) {
        std::array<uint64_t, 6> pattern{};
        pattern[arg.index] = value;
        patterns.push_back(pattern);
        pattern.fill(value);
        patterns.push_back(pattern);
      }
  std::sort(patterns.begin(), patterns.end());
  patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
  return patterns;
}

void compare_everywhere(const Compared& subject, uint32_t number_max) {
  Differential comparison(subject);
  struct {
    uint32_t audit, scmp, base;
  } personalities[] = {
      {AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, 0}, {AUDIT_ARCH_X86_64, SCMP_ARCH_X32, 0x40000000},
      {AUDIT_ARCH_I386, SCMP_ARCH_X86, 0},      {AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, 0},
      {AUDIT_ARCH_ARM, SCMP_ARCH_ARM, 0},       {AUDIT_ARCH_S390X, SCMP_ARCH_S390X, 0}};
  for (const auto& pattern : argument_patterns(subject.seccomp))
    for (const auto& each : personalities)
      for (uint32_t number = 0; number <= number_max; ++number) {
        if (!comparison.check(each.audit, each.scmp, each.base + number, pattern)) return;
      }
}

TEST(SeccompOracle, ProfilesOfManagers) {
  for (const char* name : {"docker-20.10.json", "podman-4.3.json"})
    compare_everywhere({name, read_profile(name), Machine::X86_64}, 600);
}

TEST(SeccompOracle, ProfileOnArm) {
  oci::Seccomp seccomp = read_profile("docker-20.10.json");
  seccomp.architectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  compare_everywhere({"arm", seccomp, Machine::Aarch64}, 600);
}

TEST(SeccompOracle, NativeOnly) {
  oci::Seccomp seccomp = read_profile("docker-20.10.json");
  seccomp.architectures = {};
  compare_everywhere({"native", seccomp, Machine::X86_64}, 600);
}

// Profiles made up at random: every comparison, both kinds of default. `again`: several rules about one call.
oci::Seccomp random_profile(std::mt19937& random, bool again) {
  auto pick = [&](size_t count) { return static_cast<uint32_t>(random() % count); };
  std::vector<const char*> names = {"read",    "write",  "socket", "personality", "clone",  "openat",
                                    "connect", "shmget", "semctl", "accept",      "ptrace", "mmap",
                                    "ioctl",   "fcntl",  "prctl",  "getcpu"};
  const char* comparisons[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
                               "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};
  const uint64_t values[] = {
      0, 1, 2, 0x10, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000001, 0xffffffff00000000};
  oci::Seccomp seccomp;
  bool allow_list = pick(2) == 0;
  seccomp.default_action = allow_list ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW";
  if (pick(2) == 0) seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  for (uint32_t count = 1 + pick(8); count > 0; --count) {
    uint32_t name = pick(names.size());
    oci::SeccompRule rule{{names[name]}, allow_list ? "SCMP_ACT_ALLOW" : "SCMP_ACT_TRAP", {}, {}};
    if (!again) names.erase(names.begin() + name);
    for (uint32_t args = pick(4), index = pick(3); args > 0; --args, ++index) {
      oci::SeccompArg arg{index, values[pick(std::size(values))], values[pick(std::size(values))],
                          comparisons[pick(std::size(comparisons))]};
      // A value with bits outside its mask never matches here; libseccomp cuts the value instead.
      if (arg.op == "SCMP_CMP_MASKED_EQ") arg.value_two &= arg.value;
      rule.args.push_back(arg);
    }
    seccomp.syscalls.push_back(rule);
  }
  return seccomp;
}

TEST(SeccompOracle, RandomProfiles) {
  std::mt19937 random(20240611);
  for (int round = 0; round < 40 && !HasFailure(); ++round)
    compare_everywhere({"round " + std::to_string(round), random_profile(random, false), Machine::X86_64},
                       140);
}

bool holds(const oci::SeccompArg& arg, uint64_t value) {
  if (arg.op == "SCMP_CMP_NE") return value != arg.value;
  if (arg.op == "SCMP_CMP_LT") return value < arg.value;
  if (arg.op == "SCMP_CMP_LE") return value <= arg.value;
  if (arg.op == "SCMP_CMP_EQ") return value == arg.value;
  if (arg.op == "SCMP_CMP_GE") return value >= arg.value;
  if (arg.op == "SCMP_CMP_GT") return value > arg.value;
  return (value & arg.value) == arg.value_two;
}

// With several conditional rules about one call libseccomp 2.5 merges trees wrongly now and then, so the
// specification's own words are the oracle here: AND within a rule, OR across rules.
TEST(SeccompOracle, RandomProfilesWithSeveralRulesPerCall) {
  std::mt19937 random(20240612);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    oci::Seccomp seccomp = random_profile(random, true);
    auto plan = plan_seccomp(seccomp);
    ASSERT_TRUE(plan);
    bool allow_list = seccomp.default_action == "SCMP_ACT_ERRNO";
    for (const auto& pattern : argument_patterns(seccomp))
      for (const oci::SeccompRule& subject : seccomp.syscalls) {
        bool matches = false;
        for (const oci::SeccompRule& rule : seccomp.syscalls)
          matches |= rule.names == subject.names &&
                     std::all_of(rule.args.begin(), rule.args.end(),
                                 [&](const oci::SeccompArg& arg) { return holds(arg, pattern[arg.index]); });
        seccomp_data data{find_syscall(subject.names[0])->x86_64, AUDIT_ARCH_X86_64, 0, {}};
        std::copy(pattern.begin(), pattern.end(), data.args);
        uint32_t special = allow_list ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP;
        uint32_t otherwise = allow_list ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW;
        auto result = run_bpf(plan->program, data);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->value, matches ? special : otherwise)
            << "round " << round << ' ' << subject.names[0];
      }
  }
}

TEST(SeccompOracle, ProgramIsShorter) {
  oci::Seccomp seccomp = read_profile("docker-20.10.json");
  auto plan = plan_seccomp(seccomp);
  ASSERT_TRUE(plan);
  EXPECT_LT(plan->program.size() * 2, oracle_program(seccomp, Machine::X86_64).size());
  EXPECT_TRUE(plan->unknown_syscalls.empty());
}

TEST(SeccompNumbers, AgreeWithLibseccomp) {
  for (const SyscallNumbers& row : all_syscalls()) {
    std::string name(row.name);
    if (seccomp_syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR) {
      EXPECT_GT(row.aarch64 + row.x86_64, 300)
          << name << " is not newer than libseccomp and yet unknown to it";
      continue;
    }
    struct {
      uint32_t arch;
      int32_t ours;
    } columns[] = {{SCMP_ARCH_X86_64, row.x86_64},
                   {SCMP_ARCH_X86, row.x86},
                   {SCMP_ARCH_X32, row.x32},
                   {SCMP_ARCH_AARCH64, row.aarch64},
                   {SCMP_ARCH_ARM, row.arm}};
    for (const auto& column : columns) {
      int theirs = seccomp_syscall_resolve_name_arch(column.arch, name.c_str());
      if (column.arch == SCMP_ARCH_X32 && theirs >= 0) theirs &= 0x3fffffff;
      bool multiplexed = column.arch == SCMP_ARCH_X86 && theirs <= -100 && theirs > -300;
      EXPECT_EQ(column.ours, theirs >= 0 || multiplexed ? theirs : -1) << name;
    }
  }
  // Nothing that libseccomp knows is missing.
  for (uint32_t arch :
       std::initializer_list<uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM})
    for (int number = 0; number < 600; ++number) {
      char* name = seccomp_syscall_resolve_num_arch(arch, number);
      if (name == nullptr) continue;
      EXPECT_NE(find_syscall(name), nullptr) << name;
      free(name);
    }
}

}  // namespace

std::vector<sock_filter> oracle_program(const oci::Seccomp& seccomp, Machine machine) {
  std::vector<sock_filter> program;
  uint32_t fallback = oracle_action(seccomp.default_action, seccomp.default_errno_ret.value_or(EPERM));
  scmp_filter_ctx context = seccomp_init(fallback);
  if (context == nullptr) return program;
  add_architectures(context, seccomp, machine);
  for (const oci::SeccompRule& rule : seccomp.syscalls) {
    uint32_t action = oracle_action(rule.action, rule.errno_ret.value_or(EPERM));
    if (action == fallback) continue;
    for (const std::string& name : rule.names)
      if (int number = seccomp_syscall_resolve_name(name.c_str()); number != __NR_SCMP_ERROR)
        add_rule(context, rule, action, number);
  }
  int fd = memfd_create("oracle", MFD_CLOEXEC);
  if (seccomp_export_bpf(context, fd) == 0) {
    off_t size = lseek(fd, 0, SEEK_END);
    program.resize(static_cast<size_t>(size) / sizeof(sock_filter));
    if (pread(fd, program.data(), static_cast<size_t>(size), 0) != size) program.clear();
  }
  close(fd);
  seccomp_release(context);
  return program;
}

}  // namespace nemoclaw::isolation
