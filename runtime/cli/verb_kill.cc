#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/signals.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  // An empty name is what scripts pass for an unset variable: the default, as with runc.
  const bool named = arguments.positional.size() > 1 && !arguments.positional[1].empty();
  const int signal = TRY(container::parse_signal(named ? arguments.positional[1] : "TERM"));
  TRY(container::kill_container(globals.store(), arguments.positional[0], signal, arguments.flag("all")));
  return 0;
}

constexpr Option kOptions[] = {
    {"all", 'a', Takes::Nothing, "signal every process of the container; a stopped one is fine then"},
};

}  // namespace

constinit const Verb kKill = {
    .name = "kill",
    .arguments = "<container-id> [signal]",
    .summary = "send a signal (default: TERM) to the container's init process",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 2,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
