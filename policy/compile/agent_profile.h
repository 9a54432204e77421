// The seccomp profiles that a policy can name. Loaded in addition to the manager's own, never instead of it.
#pragma once

#include "runtime/oci/spec.h"

namespace nemoclaw::policy {

// process.syscalls: agent
oci::Seccomp agent_profile();
// process.syscalls: docker. What Docker's default allows an unprivileged container, for managers that send no
// profile.
oci::Seccomp docker_profile();

}  // namespace nemoclaw::policy
