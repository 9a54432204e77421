// The system calls of the proxy's processes; everything else is answered with EPERM. A process that the
// holder executes keeps the holder's list as well, so that one holds what a worker needs until it confines
// itself.
#pragma once

#include "runtime/base/result.h"

namespace nemoclaw::confine {

Result<void> load_holder_filter();
Result<void> load_worker_filter();

}  // namespace nemoclaw::confine
