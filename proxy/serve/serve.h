// The proxy of one sandbox, from its directory to the end of its event loop.
#pragma once

#include "proxy/serve/options.h"

namespace nemoclaw::serve {

// Returns when the proxy was told to stop. Writes the readiness byte; the caller reports an error that comes
// before it.
Result<void> run_proxy(const Options& options);

// "R", or "E" and the message, to --ready-fd.
void report_ready(int ready_fd, const Error* error);

}  // namespace nemoclaw::serve
