// Filters the output of ps(1) by process id.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::cli {

// Pure. The header line, and the lines whose PID column is one of `pids` (sorted). An error if the header has
// no PID.
Result<std::string> select_ps_rows(std::string_view output, const std::vector<pid_t>& pids);

}  // namespace nemoclaw::cli
