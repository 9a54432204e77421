#include "proxy/net/dial.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "proxy/net/listener.h"

namespace nemoclaw::net {

namespace {

using Clock = std::chrono::steady_clock;

// Shared with the attempts, which may end after the race.
struct Race {
  explicit Race(const asio::any_io_executor& runs_on) : executor(runs_on), changed(runs_on) {}
  asio::any_io_executor executor;
  asio::steady_timer changed;  // cancelled when an attempt ends
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  std::shared_ptr<tcp::socket> winner;
  tcp::endpoint reached;
  size_t ended = 0;
  Error last = make_error("no address");
};

Task<Result<void>> connect_one(tcp::socket& socket, tcp::endpoint endpoint, std::chrono::milliseconds time) {
  asio::error_code code;
  socket.open(endpoint.protocol(), code);
  if (code) co_return errno_error("socket", code.value());
  Result<void> marked = set_proxy_mark(FdRef(socket.native_handle()));
  if (!marked) co_return marked;
  const Deadline deadline(socket, time);
  const auto [connect_code] = co_await socket.async_connect(endpoint, kTuple);
  if (deadline.expired())
    co_return make_error("no answer within " + std::to_string(time.count() / 1000) + " s");
  if (connect_code) co_return errno_error("connect", connect_code.value());
  socket.set_option(tcp::no_delay(true), code);
  co_return Result<void>();
}

Task<void> attempt(std::shared_ptr<Race> race, std::shared_ptr<tcp::socket> socket, tcp::endpoint endpoint,
                   std::chrono::milliseconds time) {
  const Result<void> connected = co_await connect_one(*socket, endpoint, time);
  if (!connected) {
    race->last = Error(connected.error()).with_context(endpoint.address().to_string());
  } else if (!race->winner) {
    race->winner = socket;
    race->reached = endpoint;
  }
  ++race->ended;
  race->changed.cancel();
}

void begin(const std::shared_ptr<Race>& race, const tcp::endpoint& endpoint, std::chrono::milliseconds time) {
  race->sockets.push_back(std::make_shared<tcp::socket>(race->executor));
  start(race->executor, attempt(race, race->sockets.back(), endpoint, time));
}

}  // namespace

std::vector<asio::ip::address> alternate_families(const std::vector<asio::ip::address>& addresses) {
  std::vector<asio::ip::address> ordered;
  if (addresses.empty()) return ordered;
  const bool v6_first = addresses.front().is_v6();
  std::vector<asio::ip::address> first, second;
  for (const asio::ip::address& address : addresses)
    (address.is_v6() == v6_first ? first : second).push_back(address);
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < second.size()) ordered.push_back(second[i]);
  }
  return ordered;
}

Task<Result<tcp::endpoint>> dial(tcp::socket& socket, const std::vector<asio::ip::address>& addresses,
                                 uint16_t port, DialTimes times) {
  const std::vector<asio::ip::address> ordered = alternate_families(addresses);
  const auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  const auto end = Clock::now() + times.all;
  while (!race->winner && Clock::now() < end) {
    const size_t started = race->sockets.size(), before = race->ended;
    if (started == ordered.size() && race->ended == started) break;
    auto until = end;
    if (started < ordered.size()) {
      // Before the attempt begins: it may end at once.
      until = std::min(end, Clock::now() + times.next);
      race->changed.expires_at(until);
      begin(race, tcp::endpoint(ordered[started], port), times.address);
    } else {
      race->changed.expires_at(until);
    }
    // A failure brings the next address at once.
    while (!race->winner && race->ended == before && Clock::now() < until)
      co_await race->changed.async_wait(kTuple);
  }
  asio::error_code ignored;
  for (const auto& each : race->sockets)
    if (each != race->winner) each->close(ignored);
  if (!race->winner) co_return race->last;
  socket = std::move(*race->winner);
  co_return race->reached;
}

}  // namespace nemoclaw::net
