// Listening sockets on loopback, and what can be learned from an accepted one.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "proxy/net/async.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::net {

// Bound with IP_FREEBIND: the interface `lo` may come up, or get its IPv6 address, only later.
Result<Fd> listen_on(const asio::ip::address& address, uint16_t port);
// False if the kernel has no IPv6 at all; then there is nothing to listen on and nothing to fence.
bool has_ipv6();

// Where the client wanted to go before the fence redirected it (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST);
// nullopt for a connection that was not redirected.
std::optional<tcp::endpoint> original_destination(FdRef socket, const tcp::endpoint& local);

// Marks the socket's packets as the proxy's; without the mark the fence refuses them.
Result<void> set_proxy_mark(FdRef socket);

// Close that the peer sees as a reset and not as an end.
void reset_connection(tcp::socket& socket);

}  // namespace nemoclaw::net
