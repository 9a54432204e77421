// sd_notify(3) for a container's process, as runc's users know it: the runtime was started with NOTIFY_SOCKET, the
// process gets a socket of its own below /run/notify, and its READY=1 goes on to the service manager. Nothing else does:
// what the container says is foreign, and MAINPID is what we know.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::container {

// A folder of the state directory, bound into the container: the socket in it may be made later than the mount.
constexpr char kNotifyDirectory[] = "notify";

// Pure: the mount and the variable. `state_directory` is absolute.
void add_notify_socket(oci::Spec& spec, const std::string& state_directory);
// Pure: whether one of the message's lines is READY=1.
bool says_ready(std::string_view message);

class NotifySocket {
 public:
  // Makes the folder, for create and for the mount.
  static Result<void> make_directory(const std::string& state_directory);
  // Listens in it. `manager` is the value of NOTIFY_SOCKET, a path or an abstract name ("@..."). A container that was
  // created without the variable has no folder: then the object is empty.
  static Result<NotifySocket> listen(const std::string& state_directory, const std::string& manager);

  bool valid() const { return socket_.valid(); }
  FdRef fd() const { return socket_; }
  // After poll: once the process has said READY=1, tells the manager that and the pid, and closes.
  void forward(pid_t pid);
  // Until that, or the end of the process.
  Result<void> wait(pid_t pid, FdRef pidfd);

 private:
  Fd socket_;
  std::string manager_;
};

}  // namespace nemoclaw::container
