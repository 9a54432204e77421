#include "proxy/serve/http2.h"

#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/serve/calls.h"
#include "proxy/serve/close.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kHeadTime = std::chrono::seconds(30);
constexpr auto kIdleTime = std::chrono::minutes(10);    // without a call
constexpr auto kStreamTime = std::chrono::minutes(60);  // silence of both ends
constexpr auto kCloseTime = std::chrono::seconds(10);
constexpr size_t kWriteBytes = 64 << 10;

// Wakes a writer.
class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor)
      : timer_(executor, std::chrono::steady_clock::time_point::max()) {}
  void set() {
    is_set_ = true;
    if (std::exchange(is_waiting_, false)) timer_.cancel();
  }
  // Returns early only when the connection is over.
  net::Task<void> wait() {
    if (!std::exchange(is_set_, false)) {
      is_waiting_ = true;
      co_await timer_.async_wait(net::kTuple);
      is_set_ = false;
    }
  }

 private:
  asio::steady_timer timer_;
  bool is_set_ = false, is_waiting_ = false;
};

net::Task<void> wait_for_ever() {
  asio::steady_timer forever(co_await asio::this_coro::executor,
                             std::chrono::steady_clock::time_point::max());
  co_await forever.async_wait(net::kTuple);
}

class Http2Connection {
 public:
  Http2Connection(enforce::Context& context, enforce::Connection& connection, net::Stream& client,
                  Watchdog& watchdog, net::RelayBytes& bytes)
      : client_(client),
        watchdog_(watchdog),
        calls_(context, connection, bytes),
        client_signal_(client.socket().get_executor()),
        origin_signal_(client.socket().get_executor()) {}

  Calls& calls() { return calls_; }

  net::Task<void> run(net::Stream& origin) {
    using namespace asio::experimental::awaitable_operators;
    watchdog_.allow(kIdleTime);
    co_await (read_client() || write(client_, calls_.client(), client_signal_) || follow_origin(origin));
    co_await close_gently(client_, watchdog_);
  }

  net::Task<void> run_alone() {
    using namespace asio::experimental::awaitable_operators;
    watchdog_.allow(kHeadTime);
    co_await (read_client() || write(client_, calls_.client(), client_signal_));
    co_await close_gently(client_, watchdog_);
  }

  void wake() {
    if (calls_.client().wants_to_send() || calls_.client().is_over()) client_signal_.set();
    if (calls_.origin().wants_to_send()) origin_signal_.set();
  }

 private:
  // Ends with the client's connection.
  net::Task<void> read_client() {
    for (;;) {
      const asio::mutable_buffer buffer = net::shared_buffer();
      const net::IoResult got = co_await client_.read_some(buffer);
      if (got.code) co_return;
      const bool goes_on = receive(calls_.client(), buffer, got.bytes);
      wake();
      if (!goes_on) break;
    }
    client_signal_.set();
    watchdog_.allow(kCloseTime);
    co_await wait_for_ever();  // the writer says why, and ends the connection
  }

  net::Task<void> follow_origin(net::Stream& origin) {
    using namespace asio::experimental::awaitable_operators;
    co_await (read_origin(origin) || write(origin, calls_.origin(), origin_signal_));
    const std::string& error = calls_.origin().error();
    calls_.lose_origin("upstream_unreachable",
                       "the origin ended the connection" + (error.empty() ? std::string() : ": " + error));
    calls_.watch_origin();
    wake();
    client_signal_.set();
    watchdog_.allow(kHeadTime);
    co_await wait_for_ever();
  }

  net::Task<void> read_origin(net::Stream& origin) {
    for (;;) {
      const asio::mutable_buffer buffer = net::shared_buffer();
      const net::IoResult got = co_await origin.read_some(buffer);
      if (got.code) co_return;
      const bool goes_on = receive(calls_.origin(), buffer, got.bytes);
      calls_.watch_origin();
      wake();
      if (!goes_on) co_return;
    }
  }

  bool receive(http2::Session& session, const asio::mutable_buffer& buffer, size_t size) {
    const auto now = std::chrono::steady_clock::now();
    const bool was_in_head = session.is_reading_head();
    const bool goes_on = session.receive({static_cast<const char*>(buffer.data()), size}, now);
    calls_.drop_late(now);
    // One time for a whole head, however it trickles in.
    if (!session.is_reading_head())
      watchdog_.allow(calls_.empty() ? std::chrono::seconds(kIdleTime) : std::chrono::seconds(kStreamTime));
    else if (!was_in_head)
      watchdog_.allow(kHeadTime);
    return goes_on;
  }

  // Ends when the session is over, or the connection broken.
  net::Task<void> write(net::Stream& to, http2::Session& session, Signal& signal) {
    // One for all connections: nothing of it is needed once write_all waits.
    static thread_local std::string out;
    for (;;) {
      out.clear();
      session.send(out, kWriteBytes);
      if (out.empty()) {
        if (session.is_over()) co_return;
        co_await signal.wait();
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
          co_return;
        continue;
      }
      wake();  // what was sent makes room on the other side
      const net::IoResult written = co_await to.write_all(asio::buffer(out));
      if (written.code) co_return;
    }
  }

  net::Stream& client_;
  Watchdog& watchdog_;
  Calls calls_;
  Signal client_signal_, origin_signal_;
};

}  // namespace

net::Task<void> serve_http2(enforce::Context& context, enforce::Connection& connection, net::Stream& client,
                            net::Stream& origin, enforce::Live& live, Watchdog& watchdog,
                            net::RelayBytes& bytes) {
  Http2Connection both(context, connection, client, watchdog, bytes);
  live.revoke_requests = [&both](const policy::Engine& engine, bool dry_run) {
    const size_t count = both.calls().revoke(engine, dry_run);
    both.wake();
    return count;
  };
  co_await both.run(origin);
  live.revoke_requests = nullptr;
}

net::Task<void> answer_failure_http2(enforce::Context& context, enforce::Connection& connection,
                                     net::Stream& client, Watchdog& watchdog, std::string code,
                                     std::string reason) {
  net::RelayBytes bytes;
  Http2Connection alone(context, connection, client, watchdog, bytes);
  alone.calls().lose_origin(std::move(code), std::move(reason));
  co_await alone.run_alone();
}

}  // namespace nemoclaw::serve
