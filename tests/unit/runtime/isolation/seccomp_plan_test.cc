#include "runtime/isolation/seccomp_plan.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runtime/isolation/bpf_machine.h"

namespace nemoclaw::isolation {
namespace {

oci::Seccomp deny_by_default(std::vector<oci::SeccompRule> rules) {
  oci::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.syscalls = std::move(rules);
  return seccomp;
}

uint32_t decide(const SeccompPlan& plan, uint32_t architecture, uint32_t number, uint64_t argument = 0) {
  seccomp_data data{static_cast<int>(number), architecture, 0, {argument, 0, 0, 0, 0, 0}};
  auto result = run_bpf(plan.program, data);
  EXPECT_TRUE(result);
  return result ? result->value : 0;
}

TEST(SeccompPlan, ErrorsNameTheField) {
  oci::Seccomp action = deny_by_default({{{"read"}, "SCMP_ACT_X", {}, {}}});
  oci::Seccomp argument = deny_by_default({{{"read"}, "SCMP_ACT_ALLOW", {}, {{6, 0, 0, "SCMP_CMP_EQ"}}}});
  oci::Seccomp comparison = deny_by_default({{{"read"}, "SCMP_ACT_ALLOW", {}, {{0, 0, 0, "SCMP_CMP_X"}}}});
  oci::Seccomp errno_ret = deny_by_default({{{"read"}, "SCMP_ACT_ALLOW", 1, {}}});
  oci::Seccomp errno_large = deny_by_default({{{"read"}, "SCMP_ACT_ERRNO", 65536, {}}});
  oci::Seccomp architecture = deny_by_default({});
  architecture.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_Z80"};
  oci::Seccomp flag = deny_by_default({});
  flag.flags = oci::Strings{"SECCOMP_FILTER_FLAG_X"};
  oci::Seccomp notify = deny_by_default({});
  notify.default_action = "SCMP_ACT_NOTIFY";
  oci::Seccomp notify_write = deny_by_default({{{"read", "write"}, "SCMP_ACT_NOTIFY", {}, {}}});
  struct {
    const oci::Seccomp& seccomp;
    const char* message;
  } cases[] = {
      {action, "linux.seccomp.syscalls[0].action: unknown action 'SCMP_ACT_X'"},
      {argument, "linux.seccomp.syscalls[0].args[0].index: 6 is not"},
      {comparison, "linux.seccomp.syscalls[0].args[0].op: unknown comparison 'SCMP_CMP_X'"},
      {errno_ret, "linux.seccomp.syscalls[0].action: SCMP_ACT_ALLOW returns no errno"},
      {errno_large, "errnoRet 65536 is above 65535"},
      {architecture, "linux.seccomp.architectures[1]: unknown architecture 'SCMP_ARCH_Z80'"},
      {flag, "linux.seccomp.flags[0]: unknown flag"},
      {notify, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default"},
      {notify_write, "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used for the write syscall"},
  };
  for (const auto& each : cases) {
    auto plan = plan_seccomp(each.seccomp);
    ASSERT_FALSE(plan) << each.message;
    EXPECT_NE(plan.error().message.find(each.message), std::string::npos) << plan.error().message;
  }
}

TEST(SeccompPlan, ActionsBecomeTheKernelsValues) {
  struct {
    const char* action;
    std::optional<uint32_t> errno_ret;
    uint32_t value;
  } cases[] = {
      {"SCMP_ACT_KILL", {}, SECCOMP_RET_KILL_THREAD},
      {"SCMP_ACT_KILL_THREAD", {}, SECCOMP_RET_KILL_THREAD},
      {"SCMP_ACT_KILL_PROCESS", {}, SECCOMP_RET_KILL_PROCESS},
      {"SCMP_ACT_TRAP", {}, SECCOMP_RET_TRAP},
      {"SCMP_ACT_ERRNO", 38, SECCOMP_RET_ERRNO | 38},
      {"SCMP_ACT_TRACE", 7, SECCOMP_RET_TRACE | 7},
      {"SCMP_ACT_LOG", {}, SECCOMP_RET_LOG},
      {"SCMP_ACT_ALLOW", {}, SECCOMP_RET_ALLOW},
      {"SCMP_ACT_NOTIFY", {}, SECCOMP_RET_USER_NOTIF},
  };
  for (const auto& each : cases) {
    auto plan =
        plan_seccomp(deny_by_default({{{"getpid"}, each.action, each.errno_ret, {}}}), Machine::X86_64);
    ASSERT_TRUE(plan) << each.action;
    EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 39), each.value) << each.action;
    EXPECT_EQ(plan->notify, each.value == SECCOMP_RET_USER_NOTIF);
  }
}

TEST(SeccompPlan, UnknownNamesAreReportedAndLeftOut) {
  auto plan = plan_seccomp(deny_by_default({{{"read", "frobnicate"}, "SCMP_ACT_ALLOW", {}, {}}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->unknown_syscalls, std::vector<std::string>{"frobnicate"});
}

TEST(SeccompPlan, CallsNewerThanTheProfileDoNotExist) {
  struct {
    const char* default_action;
    uint32_t newer;
  } cases[] = {{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO | ENOSYS},
               {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_ERRNO | ENOSYS},
               {"SCMP_ACT_TRAP", SECCOMP_RET_ERRNO | ENOSYS},
               {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
               {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
               {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM}};
  for (const auto& each : cases) {
    oci::Seccomp seccomp = deny_by_default({{{"read", "openat2"}, "SCMP_ACT_LOG", {}, {}}});
    seccomp.default_action = each.default_action;
    auto plan = plan_seccomp(seccomp, Machine::X86_64);
    ASSERT_TRUE(plan);
    EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 437), SECCOMP_RET_LOG);
    EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 438), each.newer) << each.default_action;
  }
}

TEST(SeccompPlan, ArchitecturesThatAreLeftOutAreKilled) {
  oci::Seccomp seccomp = deny_by_default({{{"getpid"}, "SCMP_ACT_ALLOW", {}, {}}});
  seccomp.architectures = {"SCMP_ARCH_S390X"};  // another machine's: nothing to say about here
  auto plan = plan_seccomp(seccomp, Machine::X86_64);
  ASSERT_TRUE(plan);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 39), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_I386, 20), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 0x40000000 | 39), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, ~0u), SECCOMP_RET_ERRNO | ENOSYS);
}

// Two checks of one argument are alternatives, as runc and crun take them.
TEST(SeccompPlan, RepeatedArgumentIsAnAlternative) {
  auto plan = plan_seccomp(
      deny_by_default(
          {{{"personality"}, "SCMP_ACT_ALLOW", {}, {{0, 1, 0, "SCMP_CMP_EQ"}, {0, 2, 0, "SCMP_CMP_EQ"}}}}),
      Machine::X86_64);
  ASSERT_TRUE(plan);
  for (uint64_t value : {uint64_t{1}, uint64_t{2}})
    EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 135, value), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 135, 3), SECCOMP_RET_ERRNO | EPERM);
}

TEST(SeccompPlan, FlagsForListenersOnlyWithOne) {
  oci::Seccomp seccomp = deny_by_default({{{"read"}, "SCMP_ACT_ALLOW", {}, {}}});
  EXPECT_EQ(plan_seccomp(seccomp)->flags, uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW});
  seccomp.flags = oci::Strings{"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC",
                   "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  EXPECT_EQ(plan_seccomp(seccomp)->flags, uint32_t{SECCOMP_FILTER_FLAG_LOG});
  seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY";
  EXPECT_EQ(plan_seccomp(seccomp)->flags, SECCOMP_FILTER_FLAG_LOG | (1u << 5));
}

// Enough conditions that branches need detours: every offset must still be right.
TEST(SeccompPlan, LongProgramsJumpRight) {
  oci::Seccomp seccomp = deny_by_default({});
  for (uint64_t value = 0; value < 600; ++value)
    seccomp.syscalls.push_back({{value % 2 == 0 ? "personality" : "prctl"},
                                "SCMP_ACT_ALLOW",
                                {},
                                {{0, value * 0x100000001, 0, "SCMP_CMP_EQ"}}});
  seccomp.syscalls.push_back({{"read", "exit_group", "gettid"}, "SCMP_ACT_ALLOW", {}, {}});
  auto plan = plan_seccomp(seccomp, Machine::X86_64);
  ASSERT_TRUE(plan);
  ASSERT_GT(plan->program.size(), 1200u);
  for (uint64_t value = 0; value < 620; ++value)
    for (uint32_t number : {135u, 157u}) {
      bool listed = value < 600 && (value % 2 == 0) == (number == 135);
      EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, number, value * 0x100000001),
                listed ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM);
    }
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 231), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(*plan, AUDIT_ARCH_X86_64, 1), SECCOMP_RET_ERRNO | EPERM);
}

TEST(SeccompPlan, TooLongForTheKernelIsAnError) {
  oci::Seccomp seccomp = deny_by_default({});
  for (uint64_t value = 0; value < 2000; ++value)
    seccomp.syscalls.push_back(
        {{"prctl"}, "SCMP_ACT_ALLOW", {}, {{0, value * 0x100000001, 0, "SCMP_CMP_EQ"}}});
  auto plan = plan_seccomp(seccomp);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("the kernel takes 4096"), std::string::npos);
}

TEST(SeccompApply, TheKernelTakesTheProgramAndObeys) {
  oci::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls = {{{"getppid"}, "SCMP_ACT_ERRNO", 77, {}}};
  auto plan = plan_seccomp(seccomp);
  ASSERT_TRUE(plan);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !apply_seccomp(*plan)) _exit(1);
    _exit(syscall(SYS_getppid) == -1 && errno == 77 ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace nemoclaw::isolation
