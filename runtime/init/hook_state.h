// The State that hooks read on stdin (runtime.md, "State").
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/init/launch.h"
#include "runtime/oci/state.h"

namespace nemoclaw::init {

std::string hook_state(const LaunchRequest& request, pid_t pid, oci::Status status);

}  // namespace nemoclaw::init
