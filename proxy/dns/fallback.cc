#include "proxy/dns/fallback.h"

#include <cerrno>
#include <optional>

namespace nemoclaw::dns {

namespace {

using Answer = Result<std::vector<asio::ip::address>>;
using Clock = std::chrono::steady_clock;

struct Race {
  explicit Race(const asio::any_io_executor& executor) : changed(executor) {}
  asio::steady_timer changed;  // cancelled when an answer comes in
  std::optional<Answer> first, second;
};

net::Task<void> ask(Resolver& resolver, std::string name, std::shared_ptr<Race> race,
                    std::optional<Answer> Race::*place) {
  Answer answer = co_await resolver.resolve(std::move(name));
  ((*race).*place).emplace(std::move(answer));
  race->changed.cancel();
}

bool is_final(const std::optional<Answer>& answer) {
  return answer && (answer->has_value() || answer->error().errno_value == ENOENT);
}

class Fallback final : public Resolver {
 public:
  Fallback(asio::any_io_executor executor, std::unique_ptr<Resolver> first, std::unique_ptr<Resolver> second,
           std::chrono::milliseconds grace)
      : executor_(std::move(executor)), first_(std::move(first)), second_(std::move(second)), grace_(grace) {}

  net::Task<Answer> resolve(std::string name) override {
    const auto race = std::make_shared<Race>(executor_);
    race->changed.expires_after(grace_);
    net::start(executor_, ask(*first_, name, race, &Race::first));
    if (!race->first) co_await race->changed.async_wait(net::kTuple);
    if (is_final(race->first)) co_return std::move(*race->first);
    race->changed.expires_at(Clock::time_point::max());
    net::start(executor_, ask(*second_, std::move(name), race, &Race::second));
    while (!is_final(race->first) && !(race->second && race->second->has_value()) &&
           !(race->first && race->second))
      co_await race->changed.async_wait(net::kTuple);
    if (is_final(race->first)) co_return std::move(*race->first);
    co_return std::move(*race->second);
  }

 private:
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
