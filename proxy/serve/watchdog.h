// Ends a connection whose current phase lasts too long. One timer for all phases of a connection, moved
// forward in place: a later deadline costs no system call and no allocation.
#pragma once

#include <chrono>

#include "proxy/net/async.h"

namespace nemoclaw::serve {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Watchdog(const asio::any_io_executor& executor) : timer_(executor) {}

  void allow(std::chrono::seconds time) {
    due_ = Clock::now() + time;
    if (due_ < armed_) timer_.cancel();  // wakes watch(), which looks at due_ again
  }
  // Returns when the time of a phase is over.
  net::Task<void> watch() {
    while (due_ > Clock::now()) {
      armed_ = due_;
      timer_.expires_at(armed_);
      const auto [code] = co_await timer_.async_wait(net::kTuple);
      if (code && due_ == armed_) co_return;  // not woken by allow(): the connection has ended
    }
  }

 private:
  asio::steady_timer timer_;
  Clock::time_point due_ = Clock::now() + std::chrono::seconds(30);
  Clock::time_point armed_ = Clock::time_point::min();
};

}  // namespace nemoclaw::serve
