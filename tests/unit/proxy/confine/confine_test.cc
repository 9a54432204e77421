#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/confine/privileges.h"
#include "runtime/base/file.h"

namespace nemoclaw::confine {
namespace {

// As it happens to a worker, but for the execve between the two.
Result<void> confine_both() {
  TRY(confine_holder(ProxyUser{}));
  return confine_worker();
}

// What a confined process may still do, one bit each; run in a child, because confinement is for good.
int confined_faults(int audit_fd, pid_t root_process) {
  int faults = 0;
  int bit = 0;
  const auto expect = [&](bool right) {
    faults |= right ? 0 : 1 << bit;
    ++bit;
  };
  const Result<std::string> status = read_file("/proc/self/status", 8192);
  expect(status && status->find("CapEff:\t0000000000081004") != std::string::npos);
  expect(status && status->find("CapBnd:\t0000000000081004") != std::string::npos);
  expect(status && status->find("NoNewPrivs:\t1") != std::string::npos);
  expect(getuid() == 64219 && geteuid() == 64219 && getgid() == 64219);
  expect(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == -1 && errno == EPERM);  // not in the list
  char program[] = "/bin/true";
  char* arguments[] = {program, nullptr};
  expect(execv(program, arguments) == -1 && errno == EPERM);
  expect(fork() == -1 && errno == EPERM);
  expect(open("/tmp/must-not-appear", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1 && errno == EPERM);
  expect(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EPERM);
  expect(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
  expect(write(audit_fd, "x", 1) == 1);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int mark = 1;
  expect(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0);
  expect(open_file("/proc/" + std::to_string(root_process) + "/exe", O_RDONLY).has_value());
  expect(list_directory("/proc/" + std::to_string(root_process) + "/fd").has_value());
  return faults;
}

TEST(Confine, leavesWhatIdentityAndForwardingNeedAndNothingElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  int result[2];
  ASSERT_EQ(pipe2(result, O_CLOEXEC), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const pid_t parent = getppid();
    const Result<void> confined = confine_both();
    int faults = confined ? confined_faults(result[1], parent) : 1 << 30;
    if (!confined &&
        write(STDERR_FILENO, confined.error().message.data(), confined.error().message.size()) < 0)
      faults = 1 << 29;
    if (write(result[1], &faults, sizeof faults) < 0) _exit(3);
    _exit(0);
  }
  close(result[1]);
  char probe = 0;
  int faults = -1;
  EXPECT_EQ(read(result[0], &probe, 1), 1);
  EXPECT_EQ(probe, 'x');
  EXPECT_EQ(read(result[0], &faults, sizeof faults), static_cast<ssize_t>(sizeof faults));
  EXPECT_EQ(faults, 0) << std::hex << faults;
  close(result[0]);
  waitpid(child, nullptr, 0);
}

// What only a holder may, and what it may not either.
int holder_faults(pid_t root_process) {
  int faults = 0;
  int bit = 0;
  const auto expect = [&](bool right) {
    faults |= right ? 0 : 1 << bit;
    ++bit;
  };
  const Result<std::string> status = read_file("/proc/self/status", 8192);
  expect(status && status->find("CapEff:\t0000000000000004") != std::string::npos);
  expect(status && status->find("CapAmb:\t0000000000081004") != std::string::npos);
  expect(status && status->find("CapBnd:\t0000000000081004") != std::string::npos);
  expect(getuid() == 64219 && getgid() == 64219);
  expect(open("/tmp/must-not-appear", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1 && errno == EPERM);
  expect(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EPERM);
  expect(!open_file("/proc/" + std::to_string(root_process) + "/exe", O_RDONLY));  // no CAP_SYS_PTRACE in effect
  const pid_t child = fork();
  if (child == 0) _exit(7);
  int state = 0;
  expect(child > 0 && waitpid(child, &state, 0) == child && WEXITSTATUS(state) == 7);
  expect(kill(root_process, 0) == -1 && errno == EPERM);
  return faults;
}

TEST(Confine, aHolderStartsWorkersAndDoesNothingElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  int result[2];
  ASSERT_EQ(pipe2(result, O_CLOEXEC), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const pid_t parent = getppid();
    const Result<void> confined = confine_holder(ProxyUser{});
    const int faults = confined ? holder_faults(parent) : 1 << 30;
    if (write(result[1], &faults, sizeof faults) < 0) _exit(3);
    _exit(0);
  }
  close(result[1]);
  int faults = -1;
  EXPECT_EQ(read(result[0], &faults, sizeof faults), static_cast<ssize_t>(sizeof faults));
  EXPECT_EQ(faults, 0) << std::hex << faults;
  close(result[0]);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace nemoclaw::confine
