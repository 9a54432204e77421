#include "hooks/attach.h"

#include <gtest/gtest.h>

namespace nemoclaw::hooks {
namespace {

oci::Spec spec_with(const oci::Strings& bounding) {
  oci::Spec spec;
  spec.linux_.namespaces = {{"network", ""}, {"pid", ""}};
  spec.process.emplace();
  spec.process->capabilities.emplace();
  spec.process->capabilities->bounding = bounding;
  return spec;
}

TEST(Attach, RefusesWhatCouldMoveTheFenceOrSeeTheProxy) {
  EXPECT_TRUE(check_foreign_spec(spec_with({"CAP_CHOWN", "CAP_SETUID", "CAP_DAC_OVERRIDE"})));
  for (const char* bad : {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_BPF", "CAP_SYS_RESOURCE"}) {
    const Result<void> refused = check_foreign_spec(spec_with({"CAP_CHOWN", bad}));
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().message.find(bad), std::string::npos);
  }
  for (const char* type : {"network", "pid"}) {
    oci::Spec spec = spec_with({});
    std::erase_if(spec.linux_.namespaces, [&](const oci::Namespace& each) { return each.type == type; });
    EXPECT_FALSE(check_foreign_spec(spec)) << type;
  }
}

TEST(Attach, ReadsTheCgroupsOfAProcess) {
  EXPECT_EQ(cgroup_directories("5:cpu,cpuacct:/a\n3:pids:/a/b\n2:memory:/\n1:name=systemd:/a\n0::/u\n", false),
            (std::vector<std::string>{"/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/pids/a/b", "/sys/fs/cgroup/systemd/a",
                                      "/sys/fs/cgroup/unified/u"}));
  EXPECT_EQ(cgroup_directories("0::/machine/x\n", true), std::vector<std::string>{"/sys/fs/cgroup/machine/x"});
  EXPECT_TRUE(cgroup_directories("0::/\n", true).empty());
  EXPECT_TRUE(cgroup_directories("nonsense\n::\n", true).empty());
}

}  // namespace
}  // namespace nemoclaw::hooks
