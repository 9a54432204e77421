// nemoclaw-hook stop: ends the proxy and removes what the sandbox left on the host, except its audit log.
#pragma once

#include "hooks/hook_input.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Idempotent: a sandbox that is gone is fine. The fence stays in the namespace, which the manager removes:
// while it exists, its egress is closed.
Result<void> run_stop(const HookOptions& options);

}  // namespace nemoclaw::hooks
