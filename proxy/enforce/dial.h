// From a permit to a socket: to a judged address, or to the node's upstream proxy and through it to one.
#pragma once

#include "proxy/enforce/context.h"
#include "proxy/enforce/permit.h"
#include "proxy/net/async.h"

namespace nemoclaw::enforce {

// The judged address that was reached; through a proxy it is the one that the proxy was asked for.
net::Task<Result<net::tcp::endpoint>> dial(Context& context, net::tcp::socket& socket, const Permit& permit);

}  // namespace nemoclaw::enforce
