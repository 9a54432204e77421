// Waiting for a socket at the price of the wait alone. Asio's own async_wait makes a system call to arm the
// socket each time; but its reactor watches sockets edge-triggered, so that who has read until "would block"
// is woken by whatever comes next, without arming anything. Asio offers that for reads and writes of its own
// only, therefore this file uses its reactor (asio::detail) directly, and no other file does.
#pragma once

#include <functional>

#include "proxy/net/async.h"

namespace nemoclaw::net {

// Until the socket is readable again. The caller has just read from it until it would have blocked; what came
// before that is not seen. Can be cancelled.
Task<asio::error_code> wait_readable(tcp::socket& socket);

// Called on the event loop whenever the socket has become readable, and once at the start: must read until it
// would block. Waiting ends when it returns true.
class Reader {
 public:
  virtual bool read_ready() = 0;

 protected:
  ~Reader() = default;
};

// `done` is called from the event loop, with an error if the socket was closed or its operations cancelled
// meanwhile. Within read_ready() no operation of Asio's may be started or cancelled on this socket.
void read_until_done(tcp::socket& socket, Reader& reader, std::function<void(const asio::error_code&)> done);

}  // namespace nemoclaw::net
