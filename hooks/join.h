// nemoclaw-hook join|leave: a further container in the network namespace of a sandbox that lives.
#pragma once

#include "hooks/hook_input.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Checks that the container is behind the sandbox's fence, opens what its policy's `inbound` wants, has its
// binaries pinned and its policy taken by the proxy. Any failure fails the create.
Result<void> run_join(const HookOptions& options, const HookState& state);

// Idempotent; a sandbox that is gone is fine.
Result<void> run_leave(const HookOptions& options);

}  // namespace nemoclaw::hooks
