#include "runtime/cli/create_options.h"
#include "runtime/cli/criu_options.h"
#include "runtime/cli/prepare.h"
#include "runtime/cli/verb.h"
#include "runtime/container/checkpoint.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  container::RestoreOptions options;
  options.criu = TRY(make_criu_options(globals, arguments));
  options.detach = arguments.flag("detach");
  options.no_subreaper = arguments.flag("no-subreaper");
  Prepared prepared = TRY(prepare(globals, {arguments.value("bundle"), ""}, arguments.positional[0]));
  const container::CreateRequest request = TRY(make_create_request(globals, arguments, prepared));
  if (!request.console_socket.empty())
    return make_error("--console-socket: a container with a terminal cannot be restored");
  return container::restore_container(globals.store(), request, options);
}

constexpr Option kOptions[] = {
    NEMOCLAW_CRIU_OPTIONS,
    {"bundle", 'b', Takes::Value, "bundle directory (default: the working directory)"},
    {"console-socket", 0, Takes::Value, "AF_UNIX socket that gets the terminal's master"},
    {"pid-file", 0, Takes::Value, "file that gets the pid of the restored process"},
    {"detach", 'd', Takes::Nothing, "return once the process runs again"},
    {"no-subreaper", 0, Takes::Nothing, "do not adopt the container's orphans"},
    {"no-pivot", 0, Takes::Nothing, "accepted for compatibility: criu makes the root"},
    {"lsm-profile", 0, Takes::Value, "TYPE:NAME of the security profile to restore with"},
    {"lsm-mount-context", 0, Takes::Value, "SELinux context of the restored mounts"},
};

}  // namespace

constinit const Verb kRestore = {
    .name = "restore",
    .arguments = "<container-id>",
    .summary = "start a container from what checkpoint has saved",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
