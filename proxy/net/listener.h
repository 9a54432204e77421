// What can be learned from an accepted connection, and what marks one of our own.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "proxy/net/async.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::net {

// Where the client wanted to go before the fence redirected it (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST);
// nullopt for a connection that was not redirected.
std::optional<tcp::endpoint> original_destination(FdRef socket, const tcp::endpoint& local);

// Marks the socket's packets as the proxy's; without the mark the fence refuses them.
Result<void> set_proxy_mark(FdRef socket);

// Close that the peer sees as a reset and not as an end.
void reset_connection(tcp::socket& socket);

}  // namespace nemoclaw::net
