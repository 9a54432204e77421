// Starts nemoclaw-proxy beside the container, and ends it.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "hooks/proxy_user.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/proxy_record.h"

namespace nemoclaw::hooks {

using oci::ProxyRecord;

struct LaunchPlan {
  std::string program;  // absolute path of nemoclaw-proxy
  std::string sandbox_directory;
  std::string config_file;  // empty: the proxy's default
  std::string audit_file;
  ProxyUser user;
  std::vector<std::string> cgroups;  // directories that the proxy joins before anything else
};

// Pure: the proxy's arguments; its ready descriptor is always 3, the host's network namespace 4,
// the program that says who connected 5.
std::vector<std::string> proxy_arguments(const LaunchPlan& plan);

// hook.log, opened for appending (0600).
Result<Fd> open_hook_log(const std::string& sandbox_directory);
// One line with the time; a log that cannot be written is no reason to fail.
void log_line(FdRef log, const std::string& message);

// A proxy on its way. Its process is forked early, because joining a cgroup of the old hierarchies costs
// milliseconds in which the fence can be loaded; it executes nothing before finish() says so. Not finished:
// the process is ended.
class ProxyLaunch {
 public:
  // Forks in the network namespace of the calling process: new session, own cgroups. The proxy gets
  // `host_net` to make its control socket there, and closes it.
  static Result<ProxyLaunch> begin(const LaunchPlan& plan, FdRef host_net, FdRef log);
  ProxyLaunch(ProxyLaunch&& other) noexcept;
  ProxyLaunch& operator=(ProxyLaunch&&) = delete;
  ~ProxyLaunch();

  // The forked process, to be written down before finish(): a hook that is killed while it waits must not
  // leave a proxy that nobody can find.
  Result<ProxyRecord> record() const;

  // Lets it execute the proxy, with no descriptor but /dev/null, hook.log, the ready pipe, the host's
  // network namespace and `look` (which may be invalid), so that it outlives hook, runtime and shim and holds nothing of theirs. Returns when
  // the proxy has said that it listens; one that does not is killed.
  Result<ProxyRecord> finish(FdRef look);

 private:
  ProxyLaunch(LaunchPlan plan, pid_t pid, Fd go, Fd ready)
      : plan_(std::move(plan)), pid_(pid), go_(std::move(go)), ready_(std::move(ready)) {}

  LaunchPlan plan_;
  pid_t pid_;  // 0: not ours any more
  Fd go_, ready_;
};

// SIGTERM, and SIGKILL after two seconds; returns when the process is gone. Another process that got the pid
// is never touched.
void stop_proxy(const ProxyRecord& record);

}  // namespace nemoclaw::hooks
