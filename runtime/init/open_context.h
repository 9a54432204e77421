// What create and exec both open or check in the parent before they clone.
#pragma once

#include "runtime/init/steps.h"

namespace nemoclaw::init {

// procfs, the runtime's own identity, the seccomp listener.
Result<void> open_common(const ProcessPlan& plan, Context& context);

// CAP_SYS_ADMIN: whether the calling process may mount at all.
bool available_to_mount();

// Unknown capability names are a warning, those that this host cannot give only worth a debug line, as with
// runc.
void warn_about_capabilities(const ProcessPlan& plan);

}  // namespace nemoclaw::init
