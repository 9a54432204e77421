#include "runtime/init/launch.h"

#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

using Launch = ContainerFixture;

TEST_F(Launch, RunsTrue) {
  process().args = {"true"};
  const Result<int> status = run_args();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 0) << output_;
}

TEST_F(Launch, IsAloneInItsNamespaces) {
  const Result<int> status = run("echo pid=$$; ls /proc | grep -c '^[0-9]*$'; hostname; ls -l /proc/self/fd | wc -l");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(output_.find("pid=1\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find(spec().hostname + "\n"), std::string::npos) << output_;
}

}  // namespace
}  // namespace nemoclaw::init
