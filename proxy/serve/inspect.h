// A connection whose requests are judged one by one: what the client speaks is found out, TLS is ended here,
// and nothing goes on to the origin but requests that a RequestPermit holds.
#pragma once

#include "proxy/enforce/enforce.h"
#include "proxy/enforce/forward.h"
#include "proxy/serve/exchange.h"

namespace nemoclaw::serve {

// `early`: bytes of the client that were read already. Takes both ends and goes on by itself: it returns at
// once, so that nothing of what led here stays in memory with a client that waits.
net::Task<void> inspect(enforce::Context& context, net::tcp::socket& client, std::string early,
                        enforce::Connection connection, enforce::Forwarding& forwarding);

// The same for one request that came to the forward proxy in absolute form: the next one may be for another
// host. True if there may be one, of which client.unread is the beginning.
net::Task<bool> inspect_one(enforce::Context& context, Side& client, http::Request request,
                            enforce::Connection connection, enforce::Forwarding& forwarding);

}  // namespace nemoclaw::serve
