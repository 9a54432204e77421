// One question to a sandbox's proxy: a JSON line each way over control.sock (docs/sandbox.md).
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::oci {

// The answer if it says "ok": true; else an error with the proxy's own words. errno_value ENOENT or
// ECONNREFUSED: nobody listens.
Result<json::Value> ask_sandbox_proxy(const std::string& sandbox_directory, const std::string& request);

// {"op":OPERATION,"container":ID}
std::string encode_container_request(std::string_view operation, std::string_view container);

// Pure.
Result<json::Value> check_control_answer(std::string_view line);

}  // namespace nemoclaw::oci
