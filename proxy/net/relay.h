// Bytes both ways between two connected sockets until both ends are done.
#pragma once

#include <chrono>
#include <cstdint>

#include "proxy/net/async.h"

namespace nemoclaw::net {

struct RelayBytes {
  uint64_t out = 0;  // client to origin
  uint64_t in = 0;
};

// An end of file is passed on as one (half-close); an error on one side resets the other, so that a cut
// stream never looks complete. Ends after `idle` without a byte in either direction. A slow reader stops its
// sender: at most one buffer is held per direction, and none while nothing is in flight.
Task<void> relay(tcp::socket& client, tcp::socket& origin, std::chrono::seconds idle, RelayBytes& bytes);

}  // namespace nemoclaw::net
