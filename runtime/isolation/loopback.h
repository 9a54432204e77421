// What a fresh network namespace needs from the runtime: its loopback device up.
#pragma once

#include "runtime/base/result.h"

namespace nemoclaw::isolation {

// In the calling process's network namespace. As runc: managers and proxies expect 127.0.0.1 to answer.
Result<void> raise_loopback();

}  // namespace nemoclaw::isolation
