#include <cstdlib>

#include "runtime/cli/sandbox_start.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/process.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const container::StateStore store = globals.store();
  const std::string& id = arguments.positional[0];
  container::NotifySocket notify;
  Fd pidfd;
  pid_t pid = 0;
  const auto before_release = [&, announce = announce_start(store)](const oci::StateRecord& record) -> Result<void> {
    TRY(announce(record));
    const char* manager = getenv("NOTIFY_SOCKET");
    if (!manager || *manager == '\0') return {};
    pid = record.init_pid;
    pidfd = TRY(container::open_process_pidfd(pid, record.init_start_time));
    notify = TRY(container::NotifySocket::listen(store.root() + "/" + id, manager));
    return {};
  };
  TRY(container::start_container(store, id, before_release));
  TRY(notify.wait(pid, pidfd));
  return 0;
}

}  // namespace

constinit const Verb kStart = {
    .name = "start",
    .arguments = "<container-id>",
    .summary = "start the process of a created container",
    .options = {},
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
