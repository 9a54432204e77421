// Asio as this project uses it: one thread, coroutines, and error codes instead of exceptions.
#pragma once

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <chrono>
#include <memory>

namespace nemoclaw::net {

using asio::ip::tcp;

template <typename T = void>
using Task = asio::awaitable<T>;

// `auto [code, size] = co_await socket.async_read_some(buffer, kTuple);`
inline constexpr auto kTuple = asio::experimental::as_tuple(asio::use_awaitable);

// Starts a coroutine that nobody waits for. Our coroutines do not throw; what a library throws (no memory)
// must end the process, because a half-run decision must not linger.
template <typename Executor>
void start(const Executor& executor, Task<void> task) {
  asio::co_spawn(executor, std::move(task), [](std::exception_ptr failure) {
    if (failure) std::terminate();
  });
}

// Cancels all operations on a socket when the time is over, unless it goes out of scope first. One timer for
// a whole phase ("read the head"), so that a trickle of bytes does not extend it.
class Deadline {
 public:
  Deadline(tcp::socket& socket, std::chrono::milliseconds time)
      : state_(std::make_shared<State>(socket.get_executor(), &socket)) {
    state_->timer.expires_after(time);
    state_->timer.async_wait([state = state_](const asio::error_code& code) {
      if (code || !state->socket) return;
      state->expired = true;
      asio::error_code ignored;
      state->socket->cancel(ignored);
    });
  }
  ~Deadline() {
    state_->socket = nullptr;
    state_->timer.cancel();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const tcp::socket::executor_type& executor, tcp::socket* target)
        : timer(executor), socket(target) {}
    asio::steady_timer timer;
    tcp::socket* socket;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace nemoclaw::net
