#include "proxy/net/relay.h"

#include <sys/socket.h>

#include <asio/experimental/awaitable_operators.hpp>
#include <cerrno>
#include <string>

#include "proxy/net/listener.h"
#include "proxy/net/pipe.h"
#include "proxy/net/readiness.h"
#include "proxy/net/stream.h"

namespace nemoclaw::net {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBulkReads = 3;             // full buffers in a row, until a stream counts as bulk
constexpr uint64_t kTurnBytes = 2 << 20;  // until other connections get their turn

struct Tunnel {
  tcp::socket& client;
  tcp::socket& origin;
  Clock::time_point last_byte = Clock::now();

  void reset() {
    reset_connection(client);
    reset_connection(origin);
  }
};

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// One direction. Runs as a plain function while both sides keep up; a coroutine resumes only when they do
// not.
class Pump final : public Reader {
 public:
  Pump(Tunnel& tunnel, tcp::socket& from, tcp::socket& to, uint64_t& count)
      : tunnel_(tunnel), from_(from), to_(to), count_(count) {}

  Task<void> run();
  bool read_ready() override;

 private:
  enum class Stop { Nothing, End, Broken, Full, Turn };
  bool pass_buffered();
  bool pass_bulk();
  bool stop(Stop why) {
    stop_ = why;
    return true;
  }
  void passed(size_t bytes) {
    tunnel_.last_byte = Clock::now();
    count_ += bytes;
    turn_ += bytes;
  }
  // Whether all that is held here could be written, once the other side had room again.
  Task<bool> write_held();

  Tunnel& tunnel_;
  tcp::socket& from_;
  tcp::socket& to_;
  uint64_t& count_;
  uint64_t turn_ = 0;
  int full_reads_ = 0;
  Stop stop_ = Stop::Nothing;
  std::string pending_;
  std::unique_ptr<Pipe> pipe_;  // while the stream is bulk
};

// The buffer is that of all tunnels, because nothing else runs while it holds data.
bool Pump::pass_buffered() {
  const asio::mutable_buffer buffer = shared_buffer();
  const ssize_t got = recv(from_.native_handle(), buffer.data(), buffer.size(), 0);
  if (got == 0) return stop(Stop::End);
  if (got < 0) {
    if (errno == EINTR) return false;
    if (!would_block()) return stop(Stop::Broken);
    full_reads_ = 0;
    return stop(Stop::Nothing);
  }
  const auto size = static_cast<size_t>(got);
  full_reads_ = size == buffer.size() ? full_reads_ + 1 : 0;
  ssize_t put = send(to_.native_handle(), buffer.data(), size, MSG_NOSIGNAL);
  if (put < 0 && !would_block() && errno != EINTR) return stop(Stop::Broken);
  if (put < 0) put = 0;
  passed(size);
  if (static_cast<size_t>(put) < size) {
    pending_.assign(static_cast<const char*>(buffer.data()) + put, size - static_cast<size_t>(put));
    return stop(Stop::Full);
  }
  if (full_reads_ >= kBulkReads) pipe_ = Pipe::create();
  return false;
}

bool Pump::pass_bulk() {
  const ssize_t got = pipe_->take(from_.native_handle());
  if (got == 0) return stop(Stop::End);
  if (got < 0) {
    if (errno == EINTR) return false;
    if (!would_block()) return stop(Stop::Broken);
    if (turn_ < shared_buffer().size()) pipe_.reset();  // bulk no more
    return stop(Stop::Nothing);
  }
  passed(static_cast<size_t>(got));
  while (pipe_->held() > 0) {
    if (pipe_->give(to_.native_handle()) > 0 || errno == EINTR) continue;
    return stop(would_block() ? Stop::Full : Stop::Broken);
  }
  return false;
}

// False: everything that was there has been passed on.
bool Pump::read_ready() {
  stop_ = Stop::Nothing;
  turn_ = 0;
  while (!(pipe_ ? pass_bulk() : pass_buffered()))
    if (turn_ >= kTurnBytes) return stop(Stop::Turn);
  return stop_ != Stop::Nothing;
}

Task<bool> Pump::write_held() {
  while (pipe_ && pipe_->held() > 0) {
    const auto [code] = co_await to_.async_wait(tcp::socket::wait_write, kTuple);
    if (code) co_return false;
    if (pipe_->give(to_.native_handle()) <= 0 && !would_block() && errno != EINTR) co_return false;
    tunnel_.last_byte = Clock::now();
  }
  if (!pending_.empty()) {
    const auto [code, written] = co_await asio::async_write(to_, asio::buffer(pending_), kTuple);
    if (code) co_return false;
    std::string().swap(pending_);
    tunnel_.last_byte = Clock::now();
  }
  co_return true;
}

Task<void> Pump::run() {
  for (;;) {
    if (co_await read_until_done(from_, *this)) co_return tunnel_.reset();
    if (stop_ == Stop::End) break;
    if (stop_ == Stop::Broken || !co_await write_held()) co_return tunnel_.reset();
    if (stop_ == Stop::Turn) co_await asio::post(from_.get_executor(), asio::use_awaitable);
  }
  asio::error_code ignored;
  to_.shutdown(tcp::socket::shutdown_send, ignored);
}

Task<void> both(Tunnel& tunnel, RelayBytes& bytes) {
  using namespace asio::experimental::awaitable_operators;
  Pump out(tunnel, tunnel.client, tunnel.origin, bytes.out);
  Pump in(tunnel, tunnel.origin, tunnel.client, bytes.in);
  co_await (out.run() && in.run());
}

Task<void> watch(Tunnel& tunnel, std::chrono::seconds idle) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    const auto due = tunnel.last_byte + idle;
    if (due <= Clock::now()) co_return tunnel.reset();
    timer.expires_at(due);
    const auto [code] = co_await timer.async_wait(kTuple);
    if (code) co_return;
  }
}

}  // namespace

Task<void> relay(tcp::socket& client, tcp::socket& origin, std::chrono::seconds idle, RelayBytes& bytes) {
  using namespace asio::experimental::awaitable_operators;
  asio::error_code ignored;
  client.non_blocking(true, ignored);
  origin.non_blocking(true, ignored);
  Tunnel tunnel{client, origin};
  co_await (both(tunnel, bytes) || watch(tunnel, idle));
}

}  // namespace nemoclaw::net
