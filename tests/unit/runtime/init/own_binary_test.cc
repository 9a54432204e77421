#include "runtime/init/own_binary.h"

#include "runtime/base/path.h"
#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

// Run by the test below in a copy of this program: protects itself, says so, and waits to be let go.
TEST(OwnBinaryProbe, DISABLED_ProtectsItselfAndWaits) {
  const Result<void> done = protect_own_binary();  // returns only in the protected process
  const Result<std::string> path = sys::program_path();
  const bool knows_path = path && path->ends_with("/copy");
  const char answer = done && knows_path && own_binary_is_protected() ? 'P' : 'U';
  ASSERT_EQ(write(7, &answer, 1), 1);
  char byte;
  EXPECT_GE(read(8, &byte, 1), 0);
}

class OwnBinary : public ContainerFixture {};

TEST_F(OwnBinary, CannotBeWrittenThroughProcEvenAfterItEnded) {
  const std::string copy = folder_ + "/copy";
  ASSERT_TRUE(write_file_atomic(copy, *read_file("/proc/self/exe", size_t{1} << 30), 0755));
  int ready[2], go[2];
  ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const int out = fcntl(ready[1], F_DUPFD, 20), in = fcntl(go[0], F_DUPFD, 20);
    dup2(out, 7);
    dup2(in, 8);
    dup2(open("/dev/null", O_WRONLY), 1);
    execl(copy.c_str(), copy.c_str(), "--gtest_filter=OwnBinaryProbe.*", "--gtest_also_run_disabled_tests",
          nullptr);
    _exit(1);
  }
  close(ready[1]);
  close(go[0]);
  char answer = 0;
  EXPECT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'P');
  const Fd held(open(("/proc/" + std::to_string(pid) + "/exe").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_TRUE(held.valid());
  close(go[1]);
  close(ready[0]);
  static_cast<void>(sys::wait_process(pid));
  // Nobody executes it any more, so ETXTBSY no longer protects it; the read-only mount does.
  EXPECT_EQ(open(fd_path(held).c_str(), O_WRONLY | O_CLOEXEC), -1);
  EXPECT_EQ(errno, EROFS);
}

}  // namespace
}  // namespace nemoclaw::init
