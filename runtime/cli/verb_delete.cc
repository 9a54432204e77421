#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  TRY(container::delete_container(globals.store(), arguments.positional[0], arguments.flag("force")));
  return 0;
}

constexpr Option kOptions[] = {
    {"force", 'f', Takes::Nothing,
     "kill the container first if it still runs; one that does not exist is fine"},
};

}  // namespace

constinit const Verb kDelete = {
    .name = "delete",
    .arguments = "<container-id>",
    .summary = "remove what a stopped or created container holds",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
