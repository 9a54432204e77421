// nemoclaw-hook start: fence, proof, proxy; any failure undoes what was done.
#pragma once

#include "hooks/hook_input.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

Result<void> run_start(const HookOptions& options, const HookState& state);

}  // namespace nemoclaw::hooks
