// The sandbox's control socket: in the host's file system, mode 0600, peers of uid 0 only; one JSON object
// per line each way, or a page by HTTP. What the operations do is the business of whoever creates the server.
#pragma once

#include <memory>

#include "proxy/control/line.h"
#include "proxy/net/async.h"
#include "runtime/base/fd.h"

namespace nemoclaw::control {

using Acceptor = asio::local::stream_protocol::acceptor;
// A listening socket that the holder made (mode 0600, root's).
std::shared_ptr<Acceptor> adopt_control(const asio::any_io_executor& executor, Fd listener);

struct PeerLimits {
  unsigned peers = 64;                    // at once; one more is closed at once
  std::chrono::milliseconds time{30'000};  // to finish a request that was begun, and to read its answer
};

// Serves until the acceptor fails or is closed. A first line that asks in HTTP gets one page and the end, so that
// any client of HTTP can read the metrics.
net::Task<void> serve_control(std::shared_ptr<Acceptor> acceptor, Handler handler, Pages pages = {}, PeerLimits limits = {});

}  // namespace nemoclaw::control
