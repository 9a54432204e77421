#include "runtime/cli/create_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "runtime/container/notify_socket.h"

namespace nemoclaw::cli {

namespace {

// Descriptors that a service manager handed to this very process (sd_listen_fds(3)) go on to the container.
int listen_descriptors() {
  const char* pid_text = getenv("LISTEN_PID");
  const char* count_text = getenv("LISTEN_FDS");
  if (!pid_text || !count_text) return 0;
  pid_t pid = 0;
  int count = 0;
  std::from_chars(pid_text, pid_text + strlen(pid_text), pid);
  std::from_chars(count_text, count_text + strlen(count_text), count);
  return pid == getpid() && count > 0 ? count : 0;
}

}  // namespace

Result<int> preserved_descriptors(const Arguments& arguments) {
  const int64_t count = TRY(arguments.integer("preserve-fds", 0));
  if (count < 0 || count > 1024) return make_error("--preserve-fds: a number from 0 to 1024 is needed");
  for (int i = 0; i < count; ++i) {
    // What this program opened itself is marked close-on-exec, what its caller left open is not.
    const int flags = fcntl(3 + i, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0)
      return make_error(format("--preserve-fds: preserved-fd %d (of %d) is not open: descriptor %d", i,
                               static_cast<int>(count), 3 + i));
  }
  return static_cast<int>(count);
}

Result<container::CreateRequest> make_create_request(const Globals& globals, const Arguments& arguments,
                                                     Prepared& prepared) {
  container::CreateRequest request;
  const int preserve = TRY(preserved_descriptors(arguments));
  const int listening = listen_descriptors();
  if (listening > 0 && prepared.effective.spec.process) {
    // The process is its container's init: LISTEN_PID is 1 there.
    prepared.effective.spec.process->env.push_back(format("LISTEN_FDS=%d", listening));
    prepared.effective.spec.process->env.push_back("LISTEN_PID=1");
  }
  if (const char* manager = getenv("NOTIFY_SOCKET"); manager && *manager != '\0' && prepared.effective.spec.process) {
    request.notify_manager = manager;
    container::add_notify_socket(prepared.effective.spec, globals.root + "/" + prepared.id);
  }
  request.id = prepared.id;
  request.bundle = prepared.bundle;
  request.rootfs = prepared.rootfs;
  request.effective = std::move(prepared.effective);
  request.console_socket = arguments.value("console-socket");
  request.pidfd_socket = arguments.value("pidfd-socket");
  request.pid_file = arguments.value("pid-file");
  request.preserve_fds = preserve + listening;
  request.no_pivot = arguments.flag("no-pivot");
  request.no_new_keyring = arguments.flag("no-new-keyring");
  request.systemd_cgroup = globals.systemd_cgroup;
  request.rootless = globals.rootless;
  return request;
}

}  // namespace nemoclaw::cli
