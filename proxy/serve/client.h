// One client of the explicit proxy, from its first byte to its last.
#pragma once

#include "proxy/enforce/context.h"
#include "proxy/net/async.h"

namespace nemoclaw::serve {

net::Task<void> serve_client(enforce::Context& context, net::tcp::socket client);

}  // namespace nemoclaw::serve
