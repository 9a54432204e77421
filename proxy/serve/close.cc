#include "proxy/serve/close.h"

namespace nemoclaw::serve {

namespace {
constexpr auto kCloseTime = std::chrono::seconds(10);
// A client that sends looks for an answer between its writes: so much it may send before it stops.
constexpr size_t kDiscardedMax = 8 << 20;
}  // namespace

net::Task<void> close_gently(net::Stream& client, Watchdog& watchdog) {
  watchdog.allow(kCloseTime);
  co_await client.shutdown_send();
  for (size_t discarded = 0; discarded < kDiscardedMax;) {
    const net::IoResult got = co_await client.read_some(net::shared_buffer());
    if (got.code) co_return;
    discarded += got.bytes;
  }
}

}  // namespace nemoclaw::serve
