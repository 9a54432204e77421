// Container ids: what the state directory, cgroup names and the sandbox directory are built from.
#pragma once

#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw {

// As runc: letters, digits, '_', '+', '-', '.'; not empty, not "." or "..", at most 1024 bytes.
Result<void> check_container_id(std::string_view id);

}  // namespace nemoclaw
