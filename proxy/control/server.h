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

using Acceptor = asio::local::stream_protocol::acceptor;
// A listening socket that the holder made (mode 0600, root's).
std::shared_ptr<Acceptor> adopt_control(const asio::any_io_executor& executor, Fd listener);

// Serves until the acceptor fails or is closed.
net::Task<void> serve_control(std::shared_ptr<Acceptor> acceptor, Handler handler);

// {"ok":false,"error":"..."}
std::string render_error(const std::string& message);

}  // namespace nemoclaw::control
