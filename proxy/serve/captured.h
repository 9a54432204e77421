// A connection that the fence redirected: of a program that knows nothing of the proxy.
#pragma once

#include "proxy/enforce/context.h"
#include "proxy/net/async.h"

namespace nemoclaw::serve {

net::Task<void> serve_captured(enforce::Context& context, net::tcp::socket client);

}  // namespace nemoclaw::serve
