#include "runtime/container/pid_file.h"

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/container/unix_socket.h"

namespace nemoclaw::container {

Result<void> write_pid_file(const std::string& path, pid_t pid) {
  TRY_CONTEXT(write_file_atomic(path, format("%d", pid), 0644), "--pid-file");
  return {};
}

Result<void> send_pidfd(const std::string& socket_path, FdRef pidfd) {
  Fd socket = TRY_CONTEXT(connect_path(socket_path), "--pidfd-socket");
  TRY_CONTEXT(send_descriptor(socket, pidfd, "pidfd"), "--pidfd-socket");
  return {};
}

}  // namespace nemoclaw::container
