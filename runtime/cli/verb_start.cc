#include "runtime/cli/sandbox_start.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const container::StateStore store = globals.store();
  TRY(container::start_container(store, arguments.positional[0], announce_start(store)));
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
