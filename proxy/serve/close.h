// The end of a client's connection that was answered.
#pragma once

#include "proxy/net/stream.h"
#include "proxy/serve/watchdog.h"

namespace nemoclaw::serve {

// A close with unread bytes would be a reset, which could overtake the answer: what the client still sends is
// read and thrown away for a moment.
net::Task<void> close_gently(net::Stream& client, Watchdog& watchdog);

}  // namespace nemoclaw::serve
