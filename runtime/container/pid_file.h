// How a caller learns which process was started: --pid-file and --pidfd-socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::container {

// The pid in decimal, by temporary name and rename: a manager that polls for the file never reads half a
// number. A relative path is relative to the caller's working directory.
Result<void> write_pid_file(const std::string& path, pid_t pid);
// Connects to the AF_UNIX socket and sends the pidfd.
Result<void> send_pidfd(const std::string& socket_path, FdRef pidfd);

}  // namespace nemoclaw::container
