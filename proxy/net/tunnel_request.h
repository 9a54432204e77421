// A tunnel through another proxy.
#pragma once

#include <string>

#include "proxy/net/async.h"
#include "runtime/base/result.h"

namespace nemoclaw::net {

// "CONNECT host:port". `authorization`: the field's value, or empty.
std::string render_tunnel_request(const std::string& host, uint16_t port, const std::string& authorization);

// On a socket that is connected to the proxy. Takes no byte from it that belongs to whoever is behind the tunnel.
Task<Result<void>> ask_for_tunnel(tcp::socket& socket, std::string request, std::chrono::milliseconds time);

}  // namespace nemoclaw::net
