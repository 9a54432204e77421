// tmpcopyup: what an image has in a directory, copied into the tmpfs that will cover it.
#pragma once

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::isolation {

// Copies the tree below `from` to `to` with modes, owners and links; devices, sockets and fifos are left out.
// Symbolic links are copied, never followed.
Result<void> copy_up(FdRef from, FdRef to);

}  // namespace nemoclaw::isolation
