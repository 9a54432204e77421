#include "runtime/container/criu.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"
#include "runtime/cgroup/driver.h"
#include "runtime/container/criu_plan.h"

namespace nemoclaw::container {

namespace {

// The root of the restored container must be a mount point. In a mount namespace that ends with criu it leaves nothing.
Result<void> mount_root(const CriuRun& run) {
  TRY(sys::unshare(CLONE_NEWNS));
  if (mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno_error("make the mounts of criu its own");
  if (mount(run.rootfs.c_str(), run.root_mount.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return errno_error("bind " + quoted(run.rootfs));
  if (mount("", run.root_mount.c_str(), nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return errno_error("make the root private");
  return {};
}

Result<void> become_criu(const CriuRun& run) {
  const int cause = cgroup::join_self(run.cgroup_joins.data(), run.cgroup_joins.size());
  if (cause != 0) return errno_error("join the container's cgroup", cause);
  // First all to numbers that none of them wants, so that none is overwritten.
  constexpr int above = 100;
  std::vector<int> copies;
  for (const auto& [fd, number] : run.fds) {
    copies.push_back(fcntl(fd.raw(), F_DUPFD_CLOEXEC, above));
    if (copies.back() < 0) return errno_error("dup");
  }
  if (!run.root_mount.empty()) TRY(mount_root(run));
  const Fd null = TRY(open_file("/dev/null", O_RDWR));
  for (int number = 0; number <= 2; ++number) dup2(null.raw(), number);
  for (size_t i = 0; i < copies.size(); ++i)
    if (dup2(copies[i], run.fds[i].second) < 0) return errno_error("dup2");
  std::vector<char*> argv;
  for (const std::string& word : run.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(run.program.c_str(), argv.data());
  return errno_error("exec " + quoted(run.program) + " (package criu, or --criu PATH)");
}

}  // namespace

Result<void> run_criu(const CriuRun& run) {
  ChannelPair pair = TRY(make_channel_pair());
  const sys::Cloned child = TRY(sys::clone3(0, run.cgroup_target));
  if (child.pid == 0) {
    const Result<void> failed = become_criu(run);
    static_cast<void>(pair.child.send(1, failed.error().message));
    _exit(1);
  }
  pair.child.close();
  const auto said = TRY(pair.parent.receive());
  const int status = TRY(sys::wait_process(child.pid));
  if (said) return make_error("criu: " + said->payload);
  if (status == 0) return {};
  const Result<std::string> log = read_file(run.log_file);
  const std::string reason = log ? first_criu_error(*log) : "";
  return make_error("criu failed: " + sys::describe_wait_status(status) + (reason.empty() ? "" : ": " + quoted(reason, 512)) +
                    "; log file: " + run.log_file);
}

}  // namespace nemoclaw::container
