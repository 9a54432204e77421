#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

Result<int> run_pause(const Globals& globals, const Arguments& arguments) {
  TRY(container::pause_container(globals.store(), arguments.positional[0]));
  return 0;
}

Result<int> run_resume(const Globals& globals, const Arguments& arguments) {
  TRY(container::resume_container(globals.store(), arguments.positional[0]));
  return 0;
}

}  // namespace

constinit const Verb kPause = {
    .name = "pause",
    .arguments = "<container-id>",
    .summary = "freeze all processes of a container",
    .options = {},
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run_pause,
};

constinit const Verb kResume = {
    .name = "resume",
    .arguments = "<container-id>",
    .summary = "thaw the processes of a paused container",
    .options = {},
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run_resume,
};

}  // namespace nemoclaw::cli
