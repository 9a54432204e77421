// Whether a connection over which one request was answered may carry another one, and whose. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "proxy/http/response.h"

namespace nemoclaw::http {

// The head speaks of a body that must not follow it (HEAD, 204, 304): an origin that sends it all the same
// would have its next answer begin there.
bool announces_absent_body(const Response& response);

// NTLM and Negotiate prove who the client is once for all requests of a connection, which is therefore that
// client's alone.
bool authenticates_connection(const std::vector<Field>& request, const std::vector<Field>& response);

// "Keep-Alive: timeout=5": how long the origin waits for the next request, less the second that it needs to
// get there.
std::optional<std::chrono::seconds> announced_patience(const std::vector<Field>& response);

}  // namespace nemoclaw::http
