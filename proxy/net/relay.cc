#include "proxy/net/relay.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxy/net/listener.h"
#include "proxy/net/stream.h"

namespace nemoclaw::net {

namespace {

constexpr int kBulkReads = 3;             // full buffers in a row, until a stream counts as bulk
constexpr uint64_t kTurnBytes = 2 << 20;  // until other connections get their turn

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Relay::Relay(tcp::socket& client, tcp::socket& origin, std::chrono::seconds idle,
             std::function<void()> finished)
    : client_(client),
      origin_(origin),
      idle_(idle),
      finished_(std::move(finished)),
      timer_(client.get_executor()) {}

void Relay::start(std::string early) {
  asio::error_code ignored;
  client_.non_blocking(true, ignored);
  origin_.non_blocking(true, ignored);
  watch();
  out_.begin(std::move(early));
  in_.begin({});
}

void Relay::reset() {
  reset_connection(client_);
  reset_connection(origin_);
}

void Relay::watch() {
  timer_.expires_at(last_byte_ + idle_);
  timer_.async_wait([this](const asio::error_code& code) {
    is_watched_ = !code && last_byte_ + idle_ > Clock::now();
    if (is_watched_) return watch();
    if (!code) reset();  // silence: both pumps end with an error
    pump_ended();
  });
}

void Relay::pump_ended() {
  if (!out_.is_done() || !in_.is_done()) return;
  // The timer refers to this object as well: its own end comes last.
  if (is_watched_)
    timer_.cancel();
  else
    std::exchange(finished_, nullptr)();
}

bool Relay::Pump::stop(Stop why) {
  stop_ = why;
  return true;
}

void Relay::Pump::passed(size_t bytes) {
  relay_.last_byte_ = Clock::now();
  count_ += bytes;
  turn_ += bytes;
}

// The buffer is that of all tunnels, because nothing else runs while it holds data.
bool Relay::Pump::pass_buffered() {
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

bool Relay::Pump::pass_bulk() {
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
bool Relay::Pump::read_ready() {
  stop_ = Stop::Nothing;
  turn_ = 0;
  while (!(pipe_ ? pass_bulk() : pass_buffered()))
    if (turn_ >= kTurnBytes) return stop(Stop::Turn);
  return stop_ != Stop::Nothing;
}

void Relay::Pump::begin(std::string early) {
  if (early.empty()) return resume();
  passed(early.size());
  pending_ = std::move(early);
  wait_for_room();
}

void Relay::Pump::resume() {
  read_until_done(from_, *this, [this](const asio::error_code& code) { stopped(code); });
}

void Relay::Pump::stopped(const asio::error_code& code) {
  if (code || stop_ == Stop::Broken) {
    relay_.reset();
    return end();
  }
  if (stop_ == Stop::Full) return wait_for_room();
  if (stop_ == Stop::Turn) return asio::post(from_.get_executor(), [this] { resume(); });
  asio::error_code ignored;
  to_.shutdown(tcp::socket::shutdown_send, ignored);
  end();
}

void Relay::Pump::wait_for_room() {
  to_.async_wait(tcp::socket::wait_write, [this](const asio::error_code& code) { write_held(code); });
}

void Relay::Pump::write_held(const asio::error_code& code) {
  const bool from_pipe = pipe_ && pipe_->held() > 0;
  ssize_t put = -1;
  if (!code)
    put = from_pipe ? pipe_->give(to_.native_handle())
                    : send(to_.native_handle(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
  if (code || (put < 0 && !would_block() && errno != EINTR)) {
    relay_.reset();
    return end();
  }
  if (put > 0) relay_.last_byte_ = Clock::now();
  if (put > 0 && !from_pipe) pending_.erase(0, static_cast<size_t>(put));
  if (!pending_.empty() || (pipe_ && pipe_->held() > 0)) return wait_for_room();
  std::string().swap(pending_);
  resume();
}

void Relay::Pump::end() {
  done_ = true;
  pipe_.reset();
  relay_.pump_ended();
}

}  // namespace nemoclaw::net
