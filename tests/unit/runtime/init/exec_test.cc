#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "runtime/base/defer.h"
#include "runtime/base/procfs.h"
#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

class Exec : public ContainerFixture {
 protected:
  // A container that sleeps; killed with the test.
  void begin() {
    process().args = {"sleep", "1000"};
    Result<Launched> launched = create();
    ASSERT_TRUE(launched) << launched.error().message;
    init_pid_ = launched->pid;
    const Result<void> started = start();
    ASSERT_TRUE(started) << started.error().message;
  }

  void TearDown() override {
    if (init_pid_ > 0) {
      kill(init_pid_, SIGKILL);
      static_cast<void>(sys::wait_process(init_pid_));
    }
    ContainerFixture::TearDown();
  }

  Result<int> exec(const oci::Process& added) {
    ExecRequest request;
    request.effective = &effective_;
    request.process = &added;
    request.init_pid = init_pid_;
    request.init_start_time = TRY(procfs::stat(init_pid_)).start_time;
    request.state_directory = folder_ + "/state";
    request.console_socket = console_socket_;
    Fd output = TRY(open_file(folder_ + "/output", O_WRONLY | O_CREAT | O_TRUNC, 0666));
    const int out = dup(1), err = dup(2);
    dup2(output.raw(), 1);
    dup2(output.raw(), 2);
    const LaunchEvents events = events_;  // a copy: a callback may change the member
    Result<Launched> launched = launch_exec(request, events);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    if (!launched) return std::move(launched).error();
    const int status = TRY(sys::wait_process(launched->pid));
    output_ = TRY(read_file(folder_ + "/output"));
    return status;
  }

  oci::Process added(const std::string& script) {
    oci::Process process_added = process();
    process_added.args = {"sh", "-c", script};
    return process_added;
  }

  pid_t init_pid_ = 0;
};

TEST_F(Exec, JoinsEveryNamespace) {
  begin();
  const Result<int> status =
      exec(added("hostname; cat /proc/1/cmdline; for n in mnt pid net ipc uts; do "
                 "[ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] && echo same; done; exit 7"));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(WEXITSTATUS(*status), 7);
  EXPECT_NE(output_.find(spec().hostname), std::string::npos) << output_;
  EXPECT_NE(output_.find("sleep"), std::string::npos) << output_;
  EXPECT_NE(output_.find("same\nsame\nsame\nsame\nsame\n"), std::string::npos) << output_;
}

TEST_F(Exec, HearsTheTwoProcessesInOrderOnABusyProcessor) {
  begin();
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Defer restore([&] { sched_setaffinity(0, sizeof before, &before); });
  pid_t busy[3];
  for (pid_t& each : busy)
    if ((each = fork()) == 0)
      for (;;) static_cast<void>(getppid());
  for (int i = 0; i < 15; ++i) {
    const Result<int> status = exec(added("true"));
    EXPECT_TRUE(status) << status.error().message;
  }
  for (const pid_t each : busy) {
    kill(each, SIGKILL);
    static_cast<void>(sys::wait_process(each));
  }
}

TEST_F(Exec, IsConfinedLikeTheFirstProcess) {
  effective_.landlock.enabled = true;
  effective_.landlock.restrict_execute = true;
  effective_.landlock.rules = {{"/bin", oci::PathAccess::ReadExecute}, {"/proc", oci::PathAccess::Read}};
  process().no_new_privileges = true;
  process().capabilities = oci::Capabilities{};
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.architectures = {"SCMP_ARCH_X86_64"};
  profile.syscalls.push_back({{"mkdir", "mkdirat"}, "SCMP_ACT_ERRNO", 1, {}});
  effective_.extra_seccomp.push_back(profile);
  begin();
  const std::string script =
      "grep -E '^(CapBnd|NoNewPrivs|Seccomp:)' /proc/self/status; cat /etc/passwd 2>&1; mkdir /tmp/x 2>&1; "
      "cat /proc/1/status 2>&1 | "
      "grep -E '^(CapBnd|NoNewPrivs|Seccomp:)'";
  const Result<int> status = exec(added(script));
  ASSERT_TRUE(status) << status.error().message;
  const std::string facts = "CapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";
  EXPECT_TRUE(output_.starts_with(facts)) << output_;
  EXPECT_TRUE(output_.ends_with(facts)) << output_;
  EXPECT_NE(output_.find("'/etc/passwd': Permission denied"), std::string::npos) << output_;
  EXPECT_NE(output_.find("mkdir: can't create directory '/tmp/x': Operation not permitted"),
            std::string::npos)
      << output_;
}

TEST_F(Exec, SaysWhyNotWithCode255) {
  begin();
  oci::Process missing = added("");
  missing.args = {"nothing"};
  Result<int> status = exec(missing);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "exec: \"nothing\": executable file not found in $PATH");
  EXPECT_EQ(status.error().exit_code, 255);
  missing.args = {"/proc/self/exe"};
  status = exec(missing);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "exec: \"/proc/self/exe\": permission denied (this is the runtime's own binary)");
  oci::Process lost = added("true");
  lost.cwd = "/no/where";
  status = exec(lost);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "chdir to cwd '/no/where' set in config.json failed: no such file or directory");
}

TEST_F(Exec, HidesItsExecutableFromTheContainer) {
  // While the runtime's process is inside, before execve, nobody there may open its /proc/<pid>/exe.
  process().capabilities->bounding.clear();
  begin();
  std::string seen;
  events_.on_namespaces_ready = [&](pid_t pid) -> Result<void> {
    events_ = {};
    const Result<int> looked = exec(added("for p in /proc/[0-9]*; do readlink $p/exe || echo hidden; done"));
    seen = output_;
    EXPECT_GT(pid, 0);
    return looked ? Result<void>() : Result<void>(looked.error());
  };
  const Result<int> status = exec(added("true"));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(seen.find("hidden"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("unit_runtime_init"), std::string::npos) << seen;
}

TEST_F(Exec, GivesATerminal) {
  begin();
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const Fd ours(pair[0]), theirs(pair[1]);
  console_socket_ = theirs;
  oci::Process shell = added("tty; stty size");
  shell.terminal = true;
  shell.console_size = oci::Box{40, 100};
  const Result<int> status = exec(shell);
  ASSERT_TRUE(status) << status.error().message;
  Result<Fd> master = receive_descriptor(ours);
  ASSERT_TRUE(master) << master.error().message;
  winsize size = {};
  ASSERT_EQ(ioctl(master->raw(), TIOCGWINSZ, &size), 0);
  EXPECT_EQ(size.ws_row, 40);
  EXPECT_EQ(size.ws_col, 100);
  char text[256];
  const ssize_t length = read(master->raw(), text, sizeof text);
  ASSERT_GT(length, 0);
  EXPECT_TRUE(std::string(text, static_cast<size_t>(length)).starts_with("/dev/pts/0\r\n"));
}

}  // namespace
}  // namespace nemoclaw::init
