#include "proxy/serve/captured.h"

#include <array>
#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/enforce/enforce.h"
#include "proxy/enforce/forward.h"
#include "proxy/enforce/naming.h"
#include "proxy/net/listener.h"
#include "proxy/serve/inspect.h"
#include "proxy/serve/tunnel.h"
#include "proxy/tls/sniff.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
using namespace asio::experimental::awaitable_operators;
constexpr std::chrono::milliseconds kWordsTimeout{10'000};  // from the first byte to the last of a greeting
constexpr std::chrono::milliseconds kSilenceTimeout{
    500};  // of a client that the policy allows nowhere so far
constexpr std::chrono::milliseconds kIdleTimeout = std::chrono::hours(1);

using Opened = std::variant<enforce::Forwarding, enforce::Refused>;

class Captured {
 public:
  Captured(enforce::Context& context, tcp::socket& client, const tcp::endpoint& original)
      : context_(context), client_(client), enforcer_(context) {
    intent_.via = "captured";
    intent_.original = original.address();
    intent_.port = original.port();
    intent_.host = original.address().to_string();
    intent_.names = context.names.names_of(original.address(), std::chrono::steady_clock::now());
  }

  net::Task<void> serve(peer::SocketTuple tuple);

 private:
  net::Task<void> dial_early();
  net::Task<void> listen_to_client(std::chrono::milliseconds silence);
  net::Task<bool> client_speaks(std::chrono::milliseconds silence);
  net::Task<Opened> open_destination();
  net::Task<void> answer(const http::Denial& denial);
  policy::Decision ask_policy(const std::string& host) const;
  std::chrono::milliseconds patience() const;

  enforce::Context& context_;
  tcp::socket& client_;
  enforce::Enforcer enforcer_;
  enforce::Intent intent_;
  enforce::IdentifiedCaller who_;
  tls::Sniffer sniffer_;
  std::optional<enforce::Reached> reached_;
  std::optional<enforce::Refused> refused_;  // before the client has said anything
  bool is_inspected_ = false;  // what is allowed here may need requests, so the client speaks first
  std::optional<enforce::Connection> inspected_;
};

net::Task<void> Captured::serve(peer::SocketTuple tuple) {
  who_ = co_await enforce::identify_caller(context_, tuple);
  co_await dial_early();
  co_await listen_to_client(patience());
  Opened opened = co_await open_destination();
  if (const auto* refused = std::get_if<enforce::Refused>(&opened))
    co_return co_await answer(refused->denial);
  auto& forwarding = std::get<enforce::Forwarding>(opened);
  if (inspected_)
    co_await inspect(context_, client_, sniffer_.take_bytes(), std::move(*inspected_), forwarding);
  else
    co_await run_tunnel(client_, forwarding, sniffer_.take_bytes());
}

policy::Decision Captured::ask_policy(const std::string& host) const {
  return who_.container->engine->decide_l4(policy::L4Request{who_.caller, host, intent_.port});
}

std::chrono::milliseconds Captured::patience() const {
  if (reached_) return kIdleTimeout;
  return !refused_ && is_inspected_ ? kWordsTimeout : kSilenceTimeout;
}

// Where the lookup or the address alone decides, the origin is dialled at once: it may be the one that speaks
// first. What the client says is still read before a byte of it goes out.
net::Task<void> Captured::dial_early() {
  std::vector<std::string> candidates = intent_.names;
  candidates.push_back(intent_.host);
  const auto host = std::find_if(candidates.begin(), candidates.end(), [&](const std::string& each) {
    const policy::Decision l4 = ask_policy(each);
    is_inspected_ = is_inspected_ || l4.is_inspected();
    return l4.verdict == policy::Verdict::Allow && !l4.is_inspected();
  });
  if (host == candidates.end()) co_return;
  enforce::Intent intent = intent_;
  intent.host = *host;
  auto decided = co_await enforcer_.decide(std::move(intent), who_);
  if (auto* refused = std::get_if<enforce::Refused>(&decided)) {
    refused_ = std::move(*refused);
    co_return;
  }
  auto reached = co_await enforce::reach(context_, std::move(std::get<enforce::Permit>(decided)));
  if (auto* refused = std::get_if<enforce::Refused>(&reached))
    refused_ = std::move(*refused);
  else
    reached_.emplace(std::move(std::get<enforce::Reached>(reached)));
}

// False if the origin spoke first, or nobody did.
net::Task<bool> Captured::client_speaks(std::chrono::milliseconds silence) {
  asio::steady_timer timer(co_await asio::this_coro::executor, silence);
  auto client = client_.async_wait(tcp::socket::wait_read, net::kTuple);
  if (!reached_) co_return (co_await (std::move(client) || timer.async_wait(net::kTuple))).index() == 0;
  const auto first =
      co_await (std::move(client) || reached_->wait_for_word() || timer.async_wait(net::kTuple));
  co_return first.index() == 0;
}

net::Task<void> Captured::listen_to_client(std::chrono::milliseconds silence) {
  if (!co_await client_speaks(silence)) co_return sniffer_.end();
  const net::Deadline deadline(client_, kWordsTimeout);
  std::array<char, 4096> buffer;
  while (sniffer_.needs_more()) {
    const auto [code, got] = co_await client_.async_read_some(asio::buffer(buffer), net::kTuple);
    if (code) co_return sniffer_.end();
    sniffer_.feed(std::string_view(buffer.data(), got));
  }
}

net::Task<Opened> Captured::open_destination() {
  if (refused_) co_return std::move(*refused_);
  const tls::Sniffed& sniffed = sniffer_.result();
  enforce::Naming naming = enforce::name_destination(*intent_.original, intent_.port, intent_.names, sniffed);
  intent_.method = sniffed.method;
  if (!naming.refusal.reason.empty()) co_return enforcer_.refuse_invalid(intent_, naming.refusal, who_);
  // A client that names nobody is where it was dialled to.
  if (reached_ && (sniffed.name.empty() || naming.host == reached_->host()))
    co_return enforce::open(context_, std::move(*reached_));
  intent_.host = std::move(naming.host);
  auto decided = co_await enforcer_.decide(intent_, who_);
  if (auto* refused = std::get_if<enforce::Refused>(&decided)) co_return std::move(*refused);
  enforce::Permit permit = std::move(std::get<enforce::Permit>(decided));
  inspected_ = permit.inspected();
  if (!reached_) co_return co_await enforce::forward(context_, std::move(permit));
  reached_->take(std::move(permit));  // the address is the same: both are about the original destination
  co_return enforce::open(context_, std::move(*reached_));
}

// In the client's own protocol, if it has spoken one.
net::Task<void> Captured::answer(const http::Denial& denial) {
  const tls::Sniffed& sniffed = sniffer_.result();
  if (sniffed.protocol == tls::Protocol::Http1)
    co_return co_await answer_and_close(client_, http::render_denial(denial, sniffed.method == "HEAD"));
  if (sniffed.protocol == tls::Protocol::Tls && denial.status < 500)
    co_return co_await answer_and_close(
        client_,
        tls::render_alert(sniffed.malformed.empty() ? tls::Alert::AccessDenied : tls::Alert::DecodeError));
  net::reset_connection(client_);
}

// A connection straight to the listener: whoever makes it wants nothing that could be judged.
net::Task<void> refuse_unredirected(enforce::Context& context, tcp::socket& client, peer::SocketTuple tuple) {
  enforce::Enforcer enforcer(context);
  enforce::Intent intent;
  intent.via = "captured";
  const http::Refusal refusal{
      403, "policy_denied",
      "a connection straight to the listener for redirected connections: it has no destination"};
  co_await enforcer.refuse_invalid(std::move(intent), refusal, tuple);
  net::reset_connection(client);
}

}  // namespace

net::Task<void> serve_captured(enforce::Context& context, tcp::socket client) {
  ++context.counters.connections;
  tcp::endpoint remote, local;
  if (endpoints_of(client, remote, local)) {
    asio::error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    // NAT rewrites packets, not sockets: the client's socket is connected to the original destination.
    if (const auto original = net::original_destination(FdRef(client.native_handle()), local)) {
      Captured captured(context, client, *original);
      co_await captured.serve(enforce::client_tuple(remote, *original));
    } else {
      co_await refuse_unredirected(context, client, enforce::client_tuple(remote, local));
    }
  }
  --context.counters.connections;
}

}  // namespace nemoclaw::serve
