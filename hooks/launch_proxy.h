// Starts nemoclaw-proxy beside the container, and ends it.
#pragma once

#include <string>
#include <vector>

#include "hooks/proxy_record.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct LaunchPlan {
  std::string program;  // absolute path of nemoclaw-proxy
  std::string sandbox_directory;
  std::string config_file;           // empty: the proxy's default
  std::vector<std::string> cgroups;  // directories that the proxy joins before anything else
};

// Pure: the proxy's arguments; its ready descriptor is always 3.
std::vector<std::string> proxy_arguments(const LaunchPlan& plan);

// hook.log, opened for appending (0600).
Result<Fd> open_hook_log(const std::string& sandbox_directory);
// One line with the time; a log that cannot be written is no reason to fail.
void log_line(FdRef log, const std::string& message);

// Forks and executes the proxy in the network namespace of the calling process: new session, own cgroups, no
// descriptor but /dev/null, hook.log and the ready pipe, so that it outlives hook, runtime and shim and holds
// nothing of theirs. Returns when it has said that it listens. A proxy that does not is killed before the
// error returns.
Result<ProxyRecord> launch_proxy(const LaunchPlan& plan, FdRef log);

// SIGTERM, and SIGKILL after two seconds; returns when the process is gone. Another process that got the pid
// is never touched.
void stop_proxy(const ProxyRecord& record);

}  // namespace nemoclaw::hooks
