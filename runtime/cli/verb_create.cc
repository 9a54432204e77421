#include "runtime/cli/create_options.h"
#include "runtime/cli/sandboxed_create.h"
#include "runtime/cli/verb.h"
#include "runtime/container/create.h"
#include "runtime/init/own_binary.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  TRY(init::protect_own_binary());
  Prepared prepared = TRY(prepare(globals, {arguments.value("bundle"), arguments.value("config")}, arguments.positional[0]));
  container::CreateRequest request = TRY(make_create_request(globals, arguments, prepared));
  const bool terminal = request.effective.spec.process && request.effective.spec.process->terminal;
  TRY(container::check_terminal(terminal, true, !request.console_socket.empty()));
  SandboxGuard sandbox(globals, prepared);
  sandbox.attach(request);
  TRY(container::create_container(globals.store(), request));
  sandbox.keep();
  return 0;
}

constexpr Option kOptions[] = {NEMOCLAW_CREATE_OPTIONS};

}  // namespace

constinit const Verb kCreate = {
    .name = "create",
    .arguments = "<container-id>",
    .summary = "create a container from a bundle; start runs its process",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
