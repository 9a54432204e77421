#include <unistd.h>

#include "runtime/base/path.h"
#include "runtime/cli/criu_options.h"
#include "runtime/cli/verb.h"
#include "runtime/container/checkpoint.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  const container::CriuOptions options = TRY(make_criu_options(globals, arguments));
  const container::StateStore store = globals.store();
  TRY(container::checkpoint_container(store, id, options));
  if (!options.leave_running && !options.pre_dump) TRY(container::delete_container(store, id, true));
  return 0;
}

constexpr Option kOptions[] = {
    NEMOCLAW_CRIU_OPTIONS,
    {"parent-path", 0, Takes::Value, "directory of an earlier --pre-dump, relative to --image-path"},
    {"leave-running", 0, Takes::Nothing, "let the container run on"},
    {"pre-dump", 0, Takes::Nothing, "only dump the memory, and let the container run on"},
    {"tcp-skip-in-flight", 0, Takes::Nothing, "leave out connections that are being made"},
    {"status-fd", 0, Takes::Value, "descriptor that gets a NUL byte when the page server of --lazy-pages is ready"},
    {"page-server", 0, Takes::Value, "ADDRESS:PORT of a page server"},
};

}  // namespace

constinit const Verb kCheckpoint = {
    .name = "checkpoint",
    .arguments = "<container-id>",
    .summary = "save the state of a running container's processes, with criu",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
