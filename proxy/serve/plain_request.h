// One request that came to the forward proxy in absolute form, where the policy judges connections only.
#pragma once

#include "proxy/enforce/forward.h"
#include "proxy/serve/exchange.h"

namespace nemoclaw::serve {

// `client.unread`: what came behind the head. True if the client may send another request, for whatever host:
// client.unread is its beginning then. Finishes `forwarding`.
net::Task<bool> serve_plain_request(Side& client, const http::Request& request, enforce::Forwarding& forwarding);

}  // namespace nemoclaw::serve
