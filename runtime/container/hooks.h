// Hooks of the stages that run while nobody waits for their outcome.
#pragma once

#include "runtime/base/log.h"
#include "runtime/oci/spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// Every poststop hook runs even if one before it failed; a failure is only logged (runtime-spec, Lifecycle
// step 13), at `failure_level`: an error that is already on its way to the user must stay the only record in
// the log.
void run_poststop_hooks(const oci::Hooks& hooks, const oci::StateRecord& record, log::Level failure_level);

}  // namespace nemoclaw::container
