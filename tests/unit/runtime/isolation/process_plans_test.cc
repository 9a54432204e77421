#include <gtest/gtest.h>

#include "runtime/isolation/identity.h"
#include "runtime/isolation/limits_plan.h"

namespace nemoclaw::isolation {
namespace {

TEST(LimitsPlan, Rlimits) {
  oci::Process process;
  process.rlimits = {{"RLIMIT_NOFILE", 10, 20}, {"RLIMIT_CORE", 0, ~uint64_t{0}}};
  const Result<LimitsPlan> plan = plan_limits(process, {});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->rlimits.size(), 2u);
  EXPECT_EQ(plan->rlimits[0].resource, RLIMIT_NOFILE);
  EXPECT_EQ(plan->rlimits[1].limit.rlim_max, static_cast<rlim64_t>(RLIM64_INFINITY));
}

TEST(LimitsPlan, ErrorsNameTheField) {
  const auto message = [](const oci::Process& process, const oci::Linux& linux_ = {}) {
    const Result<LimitsPlan> plan = plan_limits(process, linux_);
    return plan ? "no error" : plan.error().message;
  };
  oci::Process process;
  process.rlimits = {{"RLIMIT_FOO", 1, 1}};
  EXPECT_EQ(message(process), "process.rlimits[0].type: unknown limit 'RLIMIT_FOO'");
  process.rlimits = {{"RLIMIT_CPU", 2, 1}};
  EXPECT_EQ(message(process), "process.rlimits[0]: the soft limit is higher than the hard one");
  process.rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_CPU", 1, 1}};
  EXPECT_EQ(message(process), "process.rlimits[1].type: RLIMIT_CPU is there twice");
  process.rlimits.clear();
  process.scheduler = oci::Scheduler{};
  process.scheduler->policy = "SCHED_NICE";
  EXPECT_EQ(message(process), "process.scheduler.policy: unknown policy 'SCHED_NICE'");
  process.scheduler.reset();
  process.io_priority = oci::IoPriority{"IOPRIO_CLASS_BE", 8};
  EXPECT_EQ(message(process), "process.ioPriority.priority: must be 0 to 7");
  process.io_priority.reset();
  process.exec_cpu_affinity = oci::ExecCpuAffinity{"0-", ""};
  EXPECT_EQ(message(process), "process.execCPUAffinity.initial: malformed list '0-'; write it like 0-3,7");
  process.exec_cpu_affinity.reset();
  oci::Linux linux_;
  linux_.personality = oci::Personality{"SOLARIS", {}};
  EXPECT_EQ(message(process, linux_),
            "linux.personality.domain: unknown domain 'SOLARIS'; use LINUX or LINUX32");
}

TEST(LimitsPlan, SchedulingWords) {
  oci::Process process;
  process.scheduler = oci::Scheduler{};
  process.scheduler->policy = "SCHED_FIFO";
  process.scheduler->priority = 7;
  process.scheduler->flags = {"SCHED_FLAG_RESET_ON_FORK"};
  process.io_priority = oci::IoPriority{"IOPRIO_CLASS_IDLE", 7};
  const Result<LimitsPlan> plan = plan_limits(process, {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->scheduler->policy, 1u);
  EXPECT_EQ(plan->scheduler->priority, 7u);
  EXPECT_EQ(plan->scheduler->flags, 1u);
  EXPECT_EQ(*plan->io_priority, 3 << 13 | 7);
}

TEST(LimitsPlan, CpuLists) {
  EXPECT_EQ(*parse_cpu_list(""), std::vector<uint64_t>{});
  EXPECT_EQ(*parse_cpu_list("0-3,7"), (std::vector<uint64_t>{0x8f}));
  EXPECT_EQ(*parse_cpu_list("64"), (std::vector<uint64_t>{0, 1}));
  for (const char* bad : {"a", "3-1", "1-", "-1", "1,,2", "99999", "1 2", "0x1"})
    EXPECT_FALSE(parse_cpu_list(bad)) << bad;
}

TEST(Identity, HomeDirectory) {
  const char* passwd =
      "root:x:0:0:root:/root:/bin/sh\n"
      "# comment\n"
      "short:x:5\n"
      "nohome:x:6:6:::/bin/sh\n"
      "bad:x:zero:0::/bad:/bin/sh\n"
      "agent:x:1000:1000:An Agent:/home/agent:/bin/sh\n"
      "again:x:1000:1000::/second:/bin/sh\n"
      "last:x:7:7::/last";
  const std::pair<uint32_t, const char*> cases[] = {{0, "/root"},          {5, "/"}, {6, "/"}, {7, "/last"},
                                                    {1000, "/home/agent"}, {9, "/"}};
  for (const auto& [uid, home] : cases) EXPECT_EQ(home_directory(passwd, uid), home) << uid;
  EXPECT_EQ(home_directory("", 0), "/");
}

TEST(Identity, Environment) {
  using S = oci::Strings;
  EXPECT_EQ(process_environment({"A=1", "B=2", "A=3"}, "/h"), (S{"A=3", "B=2", "HOME=/h"}));
  EXPECT_EQ(process_environment({"HOME=/x"}, "/h"), (S{"HOME=/x"}));
  EXPECT_EQ(process_environment({"HOME=", "C=1"}, "/h"), (S{"HOME=/h", "C=1"}));
  EXPECT_EQ(process_environment({"HOMER=1"}, "/"), (S{"HOMER=1", "HOME=/"}));
}

}  // namespace
}  // namespace nemoclaw::isolation
