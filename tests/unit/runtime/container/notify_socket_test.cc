#include "runtime/container/notify_socket.h"

#include <gtest/gtest.h>

namespace nemoclaw::container {
namespace {

TEST(NotifySocket, OnlyAWholeLineSaysReady) {
  for (const char* text : {"READY=1", "READY=1\n", "STATUS=x\nREADY=1\nMAINPID=1", "\n\nREADY=1"})
    EXPECT_TRUE(says_ready(text)) << text;
  for (const char* text : {"", "READY=0", "READY=10", "XREADY=1", "STATUS=READY=1", "READY=1 ", "\n"})
    EXPECT_FALSE(says_ready(text)) << text;
}

TEST(NotifySocket, TheSpecGetsAReadOnlyMountAndTheVariable) {
  oci::Spec spec;
  spec.process.emplace();
  add_notify_socket(spec, "/run/x/id");
  ASSERT_EQ(spec.mounts.size(), 1u);
  EXPECT_EQ(spec.mounts[0].source, "/run/x/id/notify");
  EXPECT_EQ(spec.mounts[0].destination, "/run/notify");
  EXPECT_EQ(spec.mounts[0].options.back(), "ro");
  EXPECT_EQ(spec.process->env, oci::Strings{"NOTIFY_SOCKET=/run/notify/notify.sock"});
}

}  // namespace
}  // namespace nemoclaw::container
