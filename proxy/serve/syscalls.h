// The system calls of a confined proxy; everything else is answered with EPERM.
#pragma once

#include "runtime/base/result.h"

namespace nemoclaw::serve {

Result<void> load_syscall_filter();

}  // namespace nemoclaw::serve
