// Launches real containers from a busybox root file system, as root; each test says what runs inside and
// reads what it printed. Skipped, with the reason, where that cannot work.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"
#include "runtime/init/launch.h"
#include "runtime/isolation/capability_plan.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::init {

class ContainerFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "containers need root";
    if ((isolation::available_capabilities() >> isolation::capability_number("CAP_SYS_ADMIN") & 1) == 0)
      GTEST_SKIP() << "containers need CAP_SYS_ADMIN";
    for (const char* candidate : {"/bin/busybox", "/usr/bin/busybox"})
      if (file_exists(candidate)) busybox_ = candidate;
    if (busybox_.empty()) GTEST_SKIP() << "busybox-static is not installed";
    char pattern[] = "/tmp/nemoclaw-init-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    chmod(pattern, 0755);
    folder_ = pattern;
    make_rootfs();
    effective_.spec = oci::default_spec(false, 0, 0);
    effective_.spec.process->terminal = false;
    effective_.spec.root.readonly = false;
    effective_.spec.linux_.resources.reset();
    effective_.spec.process->rlimits.clear();
  }

  void TearDown() override {
    if (!folder_.empty()) {
      ASSERT_TRUE(remove_tree(folder_));
    }
  }

  std::string rootfs() const { return folder_ + "/rootfs"; }
  oci::Spec& spec() { return effective_.spec; }
  oci::Process& process() { return *effective_.spec.process; }

  // Runs `script` with the container's shell to its end; its output (both streams) is in output_.
  Result<int> run(const std::string& script) {
    process().args = {"/bin/sh", "-c", script};
    return run_args();
  }

  Result<int> run_args() {
    Launched launched = TRY(create());
    Result<void> released = start();
    const int status = TRY(sys::wait_process(launched.pid));
    output_ = TRY(read_file(folder_ + "/output"));
    if (!released) return std::move(released).error();
    return status;
  }

  // Up to "created". The standard streams of this process are redirected only while cloning.
  Result<Launched> create() {
    listener_ = TRY(listen());
    LaunchRequest request;
    request.effective = &effective_;
    request.id = "unit";
    request.bundle = folder_;
    request.rootfs = rootfs();
    request.state_directory = folder_ + "/state";
    request.start_listener = listener_;
    request.console_socket = console_socket_;
    request.cgroup_joins = cgroup_joins_;
    request.preserve_fds = preserve_fds_;
    request.no_pivot = no_pivot_;
    Fd output = TRY(open_file(folder_ + "/output", O_WRONLY | O_CREAT | O_TRUNC, 0666));
    const int out = dup(1), err = dup(2);
    dup2(output.raw(), 1);
    dup2(output.raw(), 2);
    Result<Launched> launched = launch_container(request, events_);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    if (launched) protections_ = launched->protections;
    return launched;
  }

  Result<void> start() {
    Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = start_address();
    if (connect(connection.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return errno_error("connect");
    listener_.reset();
    return release(connection);
  }

  oci::EffectiveSpec effective_;
  LaunchEvents events_;
  std::string folder_, output_;
  std::vector<oci::Protection> protections_;
  FdRef console_socket_;
  std::vector<FdRef> cgroup_joins_;
  int preserve_fds_ = 0;
  bool no_pivot_ = false;

 private:
  void make_rootfs() {
    for (const char* each : {"", "/bin", "/etc", "/tmp", "/proc", "/sys", "/dev", "/run"})
      ASSERT_TRUE(make_directories(rootfs() + each, 0755));
    chmod((rootfs() + "/tmp").c_str(), 01777);
    const Result<std::string> program = read_file(busybox_);
    ASSERT_TRUE(program);
    ASSERT_TRUE(write_file_atomic(rootfs() + "/bin/busybox", *program, 0755));
    for (const char* each : {"sh", "true", "cat", "ls", "id", "mount", "sleep", "readlink", "stat", "touch",
                             "mkdir", "env", "hostname", "tty", "grep", "pwd", "wc"})
      ASSERT_EQ(symlink("busybox", (rootfs() + "/bin/" + each).c_str()), 0);
    ASSERT_TRUE(write_file_atomic(rootfs() + "/etc/passwd",
                                  "root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000::/home/agent:/bin/sh\n",
                                  0644));
  }

  sockaddr_un start_address() const {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, (folder_ + "/start.sock").c_str(), sizeof address.sun_path - 1);
    return address;
  }

  Result<Fd> listen() {
    Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = start_address();
    unlink(address.sun_path);
    if (bind(listener.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.raw(), 1) != 0)
      return errno_error("listen");
    return listener;
  }

  std::string busybox_;
  Fd listener_;
};

}  // namespace nemoclaw::init
