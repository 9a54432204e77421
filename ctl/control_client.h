// One request to a proxy's control socket (docs/sandbox.md).
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::ctl {

// Sends {"op":operation} and returns the answer, which has "ok": true; {"ok":false,"error":...} becomes an
// error. Two seconds at most.
Result<json::Value> ask_proxy(const std::string& sandbox_directory, const std::string& operation);

}  // namespace nemoclaw::ctl
