#include "proxy/serve/plain_request.h"

#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/net/listener.h"
#include "proxy/serve/origin.h"
#include "proxy/serve/tunnel.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kIdleTimeout = std::chrono::hours(1);

net::Task<void> send_it(Side& client, Origin& origin, const http::Request& request, Watchdog& watchdog,
                        ExchangeOutcome& outcome) {
  const Result<void> ready = co_await origin.refresh(is_repeatable(request));
  if (!ready) {
    outcome.failure = ready.error().message;
    co_return;
  }
  ExchangeOptions options;
  options.keep = true;
  options.watchdog = &watchdog;
  co_await origin.exchange(client, request, options, outcome);
}

http::Denial render_failure(const audit::Event& event, const ExchangeOutcome& outcome,
                            const std::string& method) {
  return {outcome.client_fault ? 400 : 502,
          outcome.client_fault ? "invalid_request" : "upstream_unreachable",
          event.decision,
          outcome.failure,
          "http",
          event.entry,
          event.actor.binary,
          event.host,
          event.port,
          method,
          {}};
}

}  // namespace

net::Task<bool> serve_plain_request(Side& client, const http::Request& request,
                                    enforce::Forwarding& forwarding) {
  using namespace asio::experimental::awaitable_operators;
  ExchangeOutcome outcome;
  Origin origin(forwarding, nullptr, request.authority.host);
  net::tcp::socket& socket = client.stream.socket();
  Watchdog watchdog(socket.get_executor());
  watchdog.allow(kIdleTimeout);
  co_await (send_it(client, origin, request, watchdog, outcome) || watchdog.watch());
  origin.rest();
  forwarding.finish(outcome.bytes, outcome.failure);
  asio::error_code ignored;
  if (outcome.failure.empty()) {
    if (!outcome.client_reusable) socket.shutdown(net::tcp::socket::shutdown_send, ignored);
    co_return outcome.client_reusable;
  }
  if (outcome.answer_started) {
    net::reset_connection(socket);  // a cut answer must not look complete
    co_return false;
  }
  const http::Denial denial = render_failure(forwarding.event(), outcome, request.method);
  const std::string answer = http::render_denial(denial, request.method == "HEAD");
  co_await answer_and_close(socket, answer);
  co_return false;
}

}  // namespace nemoclaw::serve
