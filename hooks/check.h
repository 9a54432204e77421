// nemoclaw-hook check: whether this kernel can hold a fence, tried in a network namespace of our own. For
// `nemoclawctl doctor`.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Moves the calling process into a new network namespace, loads a fence there and proves it. Returns a
// warning about what is missing, "" if nothing is.
Result<std::string> run_check();

}  // namespace nemoclaw::hooks
