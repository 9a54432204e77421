// The worker of one sandbox's proxy, from what the holder hands it to the end of its event loop.
#pragma once

#include <string_view>

#include "proxy/serve/options.h"

namespace nemoclaw::serve {

// Does not return when the worker was told to stop: it exits. The caller reports an error that comes before
// the worker is ready.
Result<void> run_worker(const Options& options);

// "R" (ready), "E" and the message, "U" (replace me by the program that is installed now), "S" (stop).
void tell_holder(int holder_fd, std::string_view words);

}  // namespace nemoclaw::serve
