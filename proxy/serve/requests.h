// The requests of one HTTP/1 connection, one after the other: read, judge, exchange. Pipelined requests wait
// their turn in the socket; every one is judged by the policy in force when it is its turn.
#pragma once

#include "proxy/enforce/enforce.h"
#include "proxy/serve/origin.h"
#include "proxy/serve/watchdog.h"

namespace nemoclaw::serve {

net::Task<void> serve_requests(enforce::Context& context, enforce::Connection& connection,
                               net::Stream& client, Origin& origin, Watchdog& watchdog,
                               net::RelayBytes& bytes);

// One that was read already. True if the client may send another one, of which client.unread is the beginning.
net::Task<bool> serve_request(enforce::Context& context, enforce::Connection& connection, Side& client,
                              Origin& origin, Watchdog& watchdog, net::RelayBytes& bytes,
                              http::Request request);

// For an origin that cannot be had: reads the first request, and answers it with the reason.
net::Task<void> answer_failure(enforce::Context& context, const enforce::Connection& connection,
                               net::Stream& client, Watchdog& watchdog, std::string code, std::string reason);

}  // namespace nemoclaw::serve
