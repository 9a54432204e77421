// One request to a proxy's control socket (docs/sandbox.md).
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::ctl {

// Sends the request, a JSON object with "op", and returns the answer, which has "ok": true;
// {"ok":false,"error":...} becomes an error. `seconds` at most per wait.
Result<json::Value> request_of_proxy(const std::string& sandbox_directory, const std::string& request,
                                     int seconds = 2);
// {"op":operation}
Result<json::Value> ask_proxy(const std::string& sandbox_directory, const std::string& operation);

}  // namespace nemoclaw::ctl
