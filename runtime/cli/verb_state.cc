#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"
#include "runtime/oci/state.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const container::View view = TRY(container::look(globals.store(), arguments.positional[0]));
  TRY(print(oci::encode_state(view.record, view.status, true) + "\n"));
  return 0;
}

}  // namespace

constinit const Verb kState = {
    .name = "state",
    .arguments = "<container-id>",
    .summary = "print the state of a container as JSON",
    .options = {},
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
