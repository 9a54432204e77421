// nemoclaw-hook stop: ends the proxy and removes what the sandbox left on the host, except its audit log.
#pragma once

#include "hooks/hook_input.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Idempotent: a sandbox that is gone is fine. The fence goes with the namespace, or is taken out of one
// that a manager made when nothing runs there any more (unload.h).
Result<void> run_stop(const HookOptions& options);

}  // namespace nemoclaw::hooks
