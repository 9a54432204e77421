// A WebSocket after its handshake was permitted: nothing passes before the origin has agreed as RFC 6455
// says, and then only frames that are well formed, with each new kind of message judged by the policy in
// force.
#pragma once

#include "proxy/enforce/enforce.h"
#include "proxy/serve/origin.h"
#include "proxy/serve/watchdog.h"

namespace nemoclaw::serve {

struct WebSocketEnds {
  Side& client;
  Side& origin;
  uint16_t default_port;
  uint64_t message_bytes_max;
  enforce::Live* live;  // of the origin's connection: another policy ends what it does not allow
};

// Ends with the connection. `outcome.failure` is set if no answer of the origin could be passed on.
net::Task<void> serve_websocket(enforce::Context& context, enforce::Connection& connection,
                                const enforce::RequestPermit& permit, WebSocketEnds ends, Watchdog& watchdog,
                                ExchangeOutcome& outcome);

}  // namespace nemoclaw::serve
