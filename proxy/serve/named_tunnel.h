// A tunnel whose bytes nobody judges, for a client that may speak TLS in it: the name that TLS asks for must be that of
// the tunnel. Behind one address stand many hosts, and the name in TLS is what chooses among them.
#pragma once

#include <string>

#include "proxy/enforce/forward.h"
#include "proxy/net/async.h"
#include "proxy/tls/client_hello.h"

namespace nemoclaw::serve {

// "" or why this name must not be asked for on a connection to `host`.
std::string server_name_problem(const tls::ClientHello& hello, const std::string& host);

// `early`: what the client has sent already.
net::Task<void> run_named_tunnel(net::tcp::socket& client, enforce::Forwarding& forwarding, std::string early);

}  // namespace nemoclaw::serve
