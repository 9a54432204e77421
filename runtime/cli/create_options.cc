#include "runtime/cli/create_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/container/notify_socket.h"

namespace nemoclaw::cli {

namespace {

constexpr int descriptors_max = 1024;

// Descriptors that a service manager handed to this very process (sd_listen_fds(3)) go on to the container.
int listen_descriptors() {
  const char* pid_text = getenv("LISTEN_PID");
  const char* count_text = getenv("LISTEN_FDS");
  if (!count_text) return 0;
  pid_t pid = getpid();  // callers that are no service manager name only the number
  int count = 0;
  if (pid_text) std::from_chars(pid_text, pid_text + strlen(pid_text), pid);
  std::from_chars(count_text, count_text + strlen(count_text), count);
  return pid == getpid() && count > 0 && count <= descriptors_max ? count : 0;
}

// As with crun, a descriptor of the range that the caller did not open is none in the container, either. No file of the
// runtime's own may take its number: the container's process keeps all of them until it starts.
Result<void> fill_gaps(int count) {
  for (int fd = 3; fd < 3 + count; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    Fd null = TRY(open_file("/dev/null", O_RDWR));
    if (null.raw() != fd && dup3(null.raw(), fd, O_CLOEXEC) < 0) return errno_error("--preserve-fds");
    if (null.raw() == fd) static_cast<void>(null.release());
  }
  return {};
}

}  // namespace

Result<int> preserved_descriptors(const Arguments& arguments) {
  const int64_t count = TRY(arguments.integer("preserve-fds", 0));
  if (count < 0 || count > descriptors_max) return make_error("--preserve-fds: a number from 0 to 1024 is needed");
  TRY(fill_gaps(static_cast<int>(count)));
  return static_cast<int>(count);
}

Result<container::CreateRequest> make_create_request(const Globals& globals, const Arguments& arguments,
                                                     Prepared& prepared) {
  container::CreateRequest request;
  const int preserve = TRY(preserved_descriptors(arguments));
  const int listening = listen_descriptors();
  TRY(fill_gaps(preserve + listening));
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
