#include "runtime/cli/create_options.h"
#include "runtime/cli/sandbox_start.h"
#include "runtime/cli/sandboxed_create.h"
#include "runtime/cli/verb.h"
#include "runtime/container/run.h"
#include "runtime/init/own_binary.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  TRY(init::protect_own_binary());
  Prepared prepared = TRY(prepare(globals, {arguments.value("bundle"), arguments.value("config")}, arguments.positional[0]));
  container::CreateRequest request = TRY(make_create_request(globals, arguments, prepared));
  SandboxGuard sandbox(globals, prepared);
  sandbox.attach(request);
  const container::StateStore store = globals.store();
  container::RunOptions options;
  options.detach = arguments.flag("detach");
  options.keep = arguments.flag("keep");
  options.no_subreaper = arguments.flag("no-subreaper");
  // Once the process is released, the sandbox ends with the container and no longer with this verb.
  options.before_release =
      [&sandbox, announce = announce_start(store)](const oci::StateRecord& record) -> Result<void> {
    TRY(announce(record));
    sandbox.keep();
    return {};
  };
  return container::run_container(store, std::move(request), options);
}

constexpr Option kOptions[] = {
    NEMOCLAW_CREATE_OPTIONS,
    {"detach", 'd', Takes::Nothing, "return once the process has started"},
    {"keep", 0, Takes::Nothing, "do not delete the container when its process has ended"},
    {"no-subreaper", 0, Takes::Nothing, "do not adopt the container's orphans"},
};

}  // namespace

constinit const Verb kRun = {
    .name = "run",
    .arguments = "<container-id>",
    .summary = "create a container, start it, wait for its end and delete it",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
