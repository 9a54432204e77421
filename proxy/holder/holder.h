// The parent of the workers: holds the sockets, starts a worker anew when one ends, replaces it on request,
// and ends all of them when it is told to. It reads no byte that comes from the sandbox.
#pragma once

#include <optional>
#include <vector>

#include "proxy/holder/options.h"
#include "proxy/holder/worker.h"

namespace nemoclaw::holder {

// Opens the sockets (or takes them over), confines the process, and supervises. Returns when it was told to
// stop and no worker is left, or when the first worker could not be made ready.
Result<void> run_holder(Options options);

// "E" and the message, to --ready-fd.
void report_failure(int ready_fd, const Error& error);

}  // namespace nemoclaw::holder
