#include "policy/compile/agent_profile.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "runtime/isolation/seccomp_numbers.h"
#include "runtime/isolation/seccomp_plan.h"
#include "tests/unit/runtime/isolation/bpf_machine.h"

namespace nemoclaw::policy {
namespace {

using isolation::Machine;

constexpr uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t absent = SECCOMP_RET_ERRNO | ENOSYS;

class AgentProfile : public testing::Test {
 protected:
  void SetUp() override {
    auto plan = isolation::plan_seccomp(agent_profile(), Machine::X86_64);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(plan->unknown_syscalls.empty()) << plan->unknown_syscalls[0];
    plan_ = *plan;
  }
  uint32_t number(uint32_t architecture, int nr, std::initializer_list<uint64_t> args = {}) {
    seccomp_data data{nr, architecture, 0, {}};
    std::copy(args.begin(), args.end(), data.args);
    auto result = isolation::run_bpf(plan_.program, data);
    EXPECT_TRUE(result);
    return result ? result->value : 0;
  }
  uint32_t native(const char* name, std::initializer_list<uint64_t> args = {}) {
    const isolation::SyscallNumbers* row = isolation::find_syscall(name);
    EXPECT_NE(row, nullptr) << name;
    return row == nullptr ? 0 : number(AUDIT_ARCH_X86_64, row->x86_64, args);
  }

  isolation::SeccompPlan plan_;
};

TEST_F(AgentProfile, WhatAdministersTheMachineIsRefused) {
  for (const char* name : {"mount",
                           "umount2",
                           "pivot_root",
                           "fsopen",
                           "fsconfig",
                           "fsmount",
                           "fspick",
                           "move_mount",
                           "open_tree",
                           "open_tree_attr",
                           "mount_setattr",
                           "ptrace",
                           "process_vm_readv",
                           "process_vm_writev",
                           "pidfd_getfd",
                           "setns",
                           "unshare",
                           "kexec_load",
                           "kexec_file_load",
                           "reboot",
                           "init_module",
                           "finit_module",
                           "delete_module",
                           "bpf",
                           "perf_event_open",
                           "userfaultfd",
                           "io_uring_setup",
                           "io_uring_enter",
                           "io_uring_register",
                           "keyctl",
                           "add_key",
                           "request_key",
                           "open_by_handle_at",
                           "quotactl",
                           "quotactl_fd",
                           "swapon",
                           "swapoff",
                           "acct",
                           "settimeofday",
                           "clock_settime",
                           "clock_adjtime",
                           "adjtimex",
                           "nfsservctl",
                           "chroot",
                           "iopl",
                           "ioperm",
                           "syslog",
                           "kcmp"})
    EXPECT_EQ(native(name), refused) << name;
}

TEST_F(AgentProfile, WhatAgentsNeedIsAllowed) {
  for (const char* name : {"read",
                           "write",
                           "openat",
                           "openat2",
                           "execve",
                           "execveat",
                           "mmap",
                           "mprotect",
                           "futex",
                           "futex_waitv",
                           "clone",
                           "fork",
                           "vfork",
                           "wait4",
                           "waitid",
                           "memfd_create",
                           "pidfd_open",
                           "epoll_pwait2",
                           "inotify_init1",
                           "connect",
                           "bind",
                           "accept4",
                           "sendmmsg",
                           "statx",
                           "faccessat2",
                           "fchmodat2",
                           "close_range",
                           "getrandom",
                           "rseq",
                           "membarrier",
                           "prctl",
                           "arch_prctl",
                           "seccomp",
                           "landlock_create_ruleset",
                           "sched_setaffinity",
                           "copy_file_range",
                           "splice",
                           "personality",
                           "mseal",
                           "rt_sigaction",
                           "prlimit64"})
    EXPECT_EQ(native(name), SECCOMP_RET_ALLOW) << name;
}

TEST_F(AgentProfile, Sockets) {
  constexpr uint64_t high = 0x100000000, flags = 02004000;  // SOCK_CLOEXEC | SOCK_NONBLOCK
  struct {
    uint64_t family, type, protocol;
    uint32_t expected;
  } cases[] = {{1, 1, 0, SECCOMP_RET_ALLOW},
               {1, 5, 0, SECCOMP_RET_ALLOW},
               {1, 1 | flags, 0, SECCOMP_RET_ALLOW},
               {2, 1, 0, SECCOMP_RET_ALLOW},
               {2, 2 | flags, 17, SECCOMP_RET_ALLOW},
               {10, 1 | flags, 0, SECCOMP_RET_ALLOW},
               {16, 3, 0, SECCOMP_RET_ALLOW},
               {16, 3, 9, refused},
               {16, 3, 12, refused},
               {16, 2, high | 9, refused},
               {2, 3, 1, refused},
               {10, 3, 58, refused},
               {2, 5, 132, refused},
               {17, 3, 3, refused},
               {40, 1, 0, refused},
               {31, 1, 0, refused},
               {38, 5, 0, refused},
               {44, 1, 0, refused},
               // The kernel cuts these to ints: what is behind the high bits counts.
               {high | 40, 1, 0, refused},
               {high | 17, 3, 0, refused},
               {2, high | 3, 1, refused},
               {high | 2, 1, 0, SECCOMP_RET_ALLOW}};
  for (const auto& each : cases)
    EXPECT_EQ(native("socket", {each.family, each.type, each.protocol}), each.expected)
        << each.family << ' ' << each.type << ' ' << each.protocol;
}

TEST_F(AgentProfile, NewNamespacesByCloneAreRefused) {
  constexpr uint64_t thread_flags = 0x3d0f00;
  EXPECT_EQ(native("clone", {thread_flags}), SECCOMP_RET_ALLOW);
  for (uint64_t flag : {0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000})
    EXPECT_EQ(native("clone", {flag | 17}), refused) << std::hex << flag;
  EXPECT_EQ(native("clone3"), absent);
}

TEST_F(AgentProfile, UnknownCalls) {
  EXPECT_EQ(number(AUDIT_ARCH_X86_64, 156), refused) << "_sysctl is old, and known to be left out";
  EXPECT_EQ(number(AUDIT_ARCH_X86_64, 600), absent);
  EXPECT_EQ(number(AUDIT_ARCH_X86_64, 0x40000000 | 39), SECCOMP_RET_KILL_THREAD) << "x32";
}

TEST_F(AgentProfile, ThirtyTwoBitProgramsHaveNoBackDoor) {
  EXPECT_EQ(number(AUDIT_ARCH_I386, 20), SECCOMP_RET_ALLOW);
  EXPECT_EQ(number(AUDIT_ARCH_I386, 21), refused) << "mount";
  EXPECT_EQ(number(AUDIT_ARCH_I386, 22), refused) << "umount";
  for (uint64_t call = 0; call < 24; ++call)
    EXPECT_EQ(number(AUDIT_ARCH_I386, 102, {call}), absent) << "socketcall " << call;
  EXPECT_EQ(number(AUDIT_ARCH_I386, 359, {17, 3, 3}), refused);
  EXPECT_EQ(number(AUDIT_ARCH_I386, 359, {2, 1, 0}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(number(AUDIT_ARCH_I386, 264), refused) << "clock_settime";
  EXPECT_EQ(number(AUDIT_ARCH_I386, 404), refused) << "clock_settime64";
  EXPECT_EQ(number(AUDIT_ARCH_I386, 25), refused) << "stime";
}

TEST_F(AgentProfile, DockerBaseIsWiderOnlyWhereItSays) {
  auto docker = isolation::plan_seccomp(docker_profile(), Machine::X86_64);
  ASSERT_TRUE(docker);
  EXPECT_TRUE(docker->unknown_syscalls.empty());
  plan_ = *docker;
  EXPECT_EQ(native("ptrace"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(native("socket", {17, 3, 3}), SECCOMP_RET_ALLOW) << "it takes a capability that nobody has";
  for (const char* name : {"mount", "setns", "unshare", "bpf", "io_uring_setup", "keyctl"})
    EXPECT_EQ(native(name), refused);
}

TEST_F(AgentProfile, OnArmToo) {
  auto plan = isolation::plan_seccomp(agent_profile(), Machine::Aarch64);
  ASSERT_TRUE(plan);
  plan_ = *plan;
  auto arm = [&](const char* name) { return number(AUDIT_ARCH_AARCH64, isolation::find_syscall(name)->aarch64); };
  EXPECT_EQ(arm("mount"), refused);
  EXPECT_EQ(arm("openat"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(arm("clone3"), absent);
}

}  // namespace
}  // namespace nemoclaw::policy
