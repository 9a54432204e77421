#include "runtime/base/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "runtime/base/sys_process.h"

namespace nemoclaw {
namespace {

ChildRequest shell(const std::string& script) {
  ChildRequest request;
  request.path = "/bin/sh";
  request.args = {"sh", "-c", script};
  return request;
}

TEST(Child, GetsItsInputAndExactEnvironment) {
  ChildRequest request = shell("cat /dev/stdin; echo $A; echo ${HOME-none} >&2");
  request.env = {"A=1", "PATH=/bin:/usr/bin"};
  request.stdin_text = "in\n";
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->succeeded());
  EXPECT_EQ(outcome->stdout_text, "in\n1\n");
  EXPECT_EQ(outcome->stderr_text, "none\n");
}

TEST(Child, MayIgnoreItsInput) {
  ChildRequest request = shell("exit 4");
  request.stdin_text.assign(1 << 20, 'x');
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(sys::describe_wait_status(outcome->wait_status), "exit status 4");
}

TEST(Child, OutputIsBounded) {
  ChildRequest request =
      shell("i=0; while [ $i -lt 2000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done");
  request.output_bytes_max = 1000;
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->stdout_text.size(), 1000u);
}

TEST(Child, TimeLimitKillsTheWholeGroup) {
  ChildRequest request = shell("sleep 1000 & echo $!; wait");
  request.timeout_ms = 200;
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->timed_out);
  const pid_t background = static_cast<pid_t>(atoi(outcome->stdout_text.c_str()));
  ASSERT_GT(background, 1);
  // Killed with the group; whoever inherits it reaps it. Signal 0 finds it as a zombie at most.
  for (int i = 0; i < 1000 && kill(background, 0) == 0; ++i) {
    waitpid(background, nullptr, WNOHANG);
    usleep(1000);
  }
  const Result<std::string> state = [&]() -> Result<std::string> {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/stat", background);
    FILE* file = fopen(name, "re");
    if (!file) return std::string("gone");
    char text[256] = {};
    if (fread(text, 1, sizeof text - 1, file) == 0) text[0] = 0;
    fclose(file);
    return std::string(text).find(") Z") != std::string::npos ? "gone" : std::string(text);
  }();
  EXPECT_EQ(*state, "gone");
}

TEST(Child, ABackgroundProcessIsNotWaitedFor) {
  ChildRequest request = shell("sleep 1000 & echo $!");
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->succeeded());
  const pid_t background = static_cast<pid_t>(atoi(outcome->stdout_text.c_str()));
  ASSERT_GT(background, 1);
  EXPECT_EQ(kill(background, SIGKILL), 0) << "it should still be there";
}

TEST(Child, SaysThatItCannotBeRun) {
  ChildRequest request = shell("");
  request.path = "/no/such/program";
  const Result<ChildOutcome> outcome = run_child(request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "exec: no such file or directory");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(SysProcess, DescribesWaitStatus) {
  EXPECT_EQ(sys::describe_wait_status(0), "exit status 0");
  EXPECT_EQ(sys::describe_wait_status(3 << 8), "exit status 3");
  EXPECT_EQ(sys::describe_wait_status(9), "signal 9 (killed)");
}

}  // namespace
}  // namespace nemoclaw
