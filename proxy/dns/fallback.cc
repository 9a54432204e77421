#include "proxy/dns/fallback.h"

#include <cerrno>
#include <functional>
#include <optional>

namespace nemoclaw::dns {

namespace {

using Clock = std::chrono::steady_clock;

template <typename T>
struct Race {
  explicit Race(const asio::any_io_executor& executor) : changed(executor) {}
  asio::steady_timer changed;  // cancelled when an answer comes in
  std::optional<Result<T>> first, second;
};

template <typename T>
net::Task<void> ask(net::Task<Result<T>> asking, std::shared_ptr<Race<T>> race,
                    std::optional<Result<T>> Race<T>::*place) {
  Result<T> answer = co_await std::move(asking);
  ((*race).*place).emplace(std::move(answer));
  race->changed.cancel();
}

template <typename T>
bool is_final(const std::optional<Result<T>>& answer) {
  return answer && (answer->has_value() || answer->error().errno_value == ENOENT ||
                    answer->error().errno_value == ENODATA);
}

class Fallback final : public Resolver {
 public:
  Fallback(asio::any_io_executor executor, std::unique_ptr<Resolver> first, std::unique_ptr<Resolver> second,
           std::chrono::milliseconds grace)
      : executor_(std::move(executor)), first_(std::move(first)), second_(std::move(second)), grace_(grace) {}

  net::Task<Result<Found>> look_up(std::string name, Family family) override {
    return run<Found>([name, family](Resolver& resolver) { return resolver.look_up(name, family); });
  }
  net::Task<Result<std::string>> query(std::string name, uint16_t type) override {
    return run<std::string>([name, type](Resolver& resolver) { return resolver.query(name, type); });
  }

 private:
  template <typename T>
  net::Task<Result<T>> run(std::function<net::Task<Result<T>>(Resolver&)> asking) {
    const auto race = std::make_shared<Race<T>>(executor_);
    race->changed.expires_after(grace_);
    net::start(executor_, ask(asking(*first_), race, &Race<T>::first));
    if (!race->first) co_await race->changed.async_wait(net::kTuple);
    if (is_final(race->first)) co_return std::move(*race->first);
    race->changed.expires_at(Clock::time_point::max());
    net::start(executor_, ask(asking(*second_), race, &Race<T>::second));
    while (!is_final(race->first) && !(race->second && race->second->has_value()) &&
           !(race->first && race->second))
      co_await race->changed.async_wait(net::kTuple);
    if (is_final(race->first)) co_return std::move(*race->first);
    co_return std::move(*race->second);
  }

  asio::any_io_executor executor_;
  std::unique_ptr<Resolver> first_, second_;
  std::chrono::milliseconds grace_;
};

}  // namespace

std::unique_ptr<Resolver> with_fallback(asio::any_io_executor executor, std::unique_ptr<Resolver> first,
                                        std::unique_ptr<Resolver> second, std::chrono::milliseconds grace) {
  return std::make_unique<Fallback>(std::move(executor), std::move(first), std::move(second), grace);
}

}  // namespace nemoclaw::dns
