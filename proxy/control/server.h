// The sandbox's control socket: in the host's file system, mode 0600, peers of uid 0 only; one JSON object
// per line each way. What the operations do is the business of whoever creates the server.
#pragma once

#include <functional>
#include <string>

#include "proxy/net/async.h"
#include "runtime/base/fd.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::control {

// Takes the request (an object with a string member "op"), returns the answer as JSON text.
using Handler = std::function<std::string(const std::string& operation, const json::Value& request)>;

// Replaces a socket that an earlier proxy left behind. Call it while still root: the file stays root's.
Result<Fd> listen_control(const std::string& path);

// Serves until the descriptor fails.
net::Task<void> serve_control(Fd listener, Handler handler);

// {"ok":false,"error":"..."}
std::string render_error(const std::string& message);

}  // namespace nemoclaw::control
