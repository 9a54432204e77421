// libseccomp's program for an OCI profile, told to it as runc does.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "runtime/isolation/seccomp_plan.h"

namespace nemoclaw::isolation {

// Empty when libseccomp refuses the profile.
std::vector<sock_filter> oracle_program(const oci::Seccomp& seccomp, Machine machine);

}  // namespace nemoclaw::isolation
