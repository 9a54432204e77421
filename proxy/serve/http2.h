// An HTTP/2 connection between a client and an origin that both chose it: nothing is translated, so that
// there is no second reading of a message.
#pragma once

#include "proxy/enforce/enforce.h"
#include "proxy/enforce/live.h"
#include "proxy/net/relay.h"
#include "proxy/net/stream.h"
#include "proxy/serve/watchdog.h"

namespace nemoclaw::serve {

// Ends with the client's connection.
net::Task<void> serve_http2(enforce::Context& context, enforce::Connection& connection, net::Stream& client,
                            net::Stream& origin, enforce::Live& live, Watchdog& watchdog,
                            net::RelayBytes& bytes);

// For an origin that cannot be had: every request is answered with the reason.
net::Task<void> answer_failure_http2(enforce::Context& context, enforce::Connection& connection,
                                     net::Stream& client, Watchdog& watchdog, std::string code,
                                     std::string reason);

}  // namespace nemoclaw::serve
