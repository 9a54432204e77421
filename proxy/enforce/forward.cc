#include "proxy/enforce/forward.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proxy/enforce/dial.h"
#include "proxy/net/listener.h"

namespace nemoclaw::enforce {

namespace {

using net::tcp;

Refused refusal_of(const Permit& permit, const audit::Event& event, int status) {
  Refused refused;
  refused.denial = http::Denial{status,
                                event.code,
                                event.decision,
                                event.reason,
                                event.layer,
                                event.entry,
                                event.actor.binary,
                                event.host,
                                event.port,
                                permit.intent().method,
                                permit.intent().path};
  return refused;
}

// The origin has ended it, or spoken, before anybody asked for anything.
bool is_worn(tcp::socket& socket) {
  char byte;
  const ssize_t got = recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

// A connection is made by the policy that judged it; another one may be in force by the time that it stands.
std::string changed_meanwhile(const Live& live, const audit::Event& event) {
  if (!live.container || !event.subject || event.subject->generation == live.container->subject.generation)
    return {};
  return why_not(live, *live.container->engine);
}

void record_close(const Live& live, audit::Event closing, const net::RelayBytes& bytes, std::string reason) {
  closing.activity = audit::Activity::Close;
  closing.bytes_out = bytes.out;
  closing.bytes_in = bytes.in;
  if (!live.revoked.empty()) reason = live.revoked;
  if (!reason.empty()) closing.reason = std::move(reason);
  live.context.record(closing);
}

}  // namespace

const std::string& Forwarding::idle_key() {
  const uint64_t generation = live_->container->subject.generation;
  if (key_.empty() || key_generation_ != generation)
    key_ = origin_key(*live_->container, live_->request, event_.actor.uid);
  key_generation_ = generation;
  return key_;
}

std::unique_ptr<OriginLink> Forwarding::take_idle(std::string_view profile, std::chrono::seconds idle_max) {
  if (live_->socket.is_open()) return nullptr;  // just made, and of nobody else
  auto link = live_->context.idle_origins.take(idle_key(), permit_.addresses(), profile, idle_max,
                                               std::chrono::steady_clock::now());
  if (link && link->address != live_->address) {
    live_->address = link->address;
    event_.ip = link->address.to_string();
  }
  return link;
}

net::Task<Result<std::unique_ptr<OriginLink>>> Forwarding::connect() {
  if (!live_->socket.is_open() || is_worn(live_->socket)) {
    asio::error_code ignored;
    live_->socket.close(ignored);
    const Result<tcp::endpoint> reached = co_await dial(live_->context, live_->socket, permit_);
    if (!reached) co_return reached.error();
    live_->address = reached->address();
    event_.ip = live_->address.to_string();
  }
  auto link = std::make_unique<OriginLink>(std::move(live_->socket));
  link->address = live_->address;
  link->generation = live_->container->subject.generation;
  co_return Result<std::unique_ptr<OriginLink>>(std::move(link));
}

void Forwarding::leave_idle(std::unique_ptr<OriginLink> link) {
  if (link->generation != live_->container->subject.generation) return;
  live_->context.idle_origins.put(idle_key(), std::move(link), std::chrono::steady_clock::now());
}

void Forwarding::finish(const net::RelayBytes& bytes, std::string reason) {
  record_close(*live_, event_, bytes, std::move(reason));
}

void OpenTunnel::finish(const net::RelayBytes& bytes) { record_close(*live_, event_, bytes, {}); }

void Forwarding::refuse(std::string code, std::string reason) {
  audit::Event refusal = event_;
  refusal.decision = live_->context.next_decision();
  refusal.activity = audit::Activity::Refuse;
  refusal.allowed = false;
  refusal.code = std::move(code);
  refusal.reason = std::move(reason);
  ++live_->context.counters.denied;
  live_->context.record(refusal);
}

net::Task<void> Reached::wait_for_word() { co_await socket_.async_wait(tcp::socket::wait_read, net::kTuple); }

bool Reached::take(Permit permit) {
  const auto& judged = permit.addresses();
  const bool covered = std::any_of(judged.begin(), judged.end(), [&](const asio::ip::address& address) {
    return address.to_string() == event_.ip;
  });
  if (!covered || permit.port() != permit_.port()) return false;
  const std::string ip = event_.ip;
  permit_ = std::move(permit);
  event_ = permit_.event();
  event_.ip = ip;
  return true;
}

net::Task<std::variant<Reached, Refused>> reach(Context& context, Permit permit) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto since = std::chrono::steady_clock::now();
  const Result<tcp::endpoint> reached = co_await dial(context, socket, permit);
  context.meters.dial.observe(std::chrono::steady_clock::now() - since);
  audit::Event event = permit.event();
  if (!reached) {
    event.activity = audit::Activity::Fail;
    event.code = "upstream_unreachable";
    event.reason = reached.error().message;
    context.record(event);
    co_return refusal_of(permit, event, http::status_for_code(event.code));
  }
  event.ip = reached->address().to_string();
  Reached connection(std::move(socket), std::move(permit), std::move(event));
  connection.address_ = reached->address();
  co_return connection;
}

std::variant<Forwarding, Refused> open(Context& context, Reached reached) {
  audit::Event event = std::move(reached.event_);
  auto live = std::make_unique<Live>(context, std::move(reached.socket_));
  live->address = reached.address_;
  live->container = reached.permit_.container();
  live->request = reached.permit_.request();
  live->is_tunnel = !reached.permit_.inspected() && reached.permit_.intent().via != "http";
  if (std::string changed = changed_meanwhile(*live, event); !changed.empty()) {
    event.allowed = false;
    event.activity = audit::Activity::Refuse;
    event.code = "policy_denied";
    event.reason = "the policy changed while the connection was made: " + changed;
    ++context.counters.denied;
    context.record(event);
    return refusal_of(reached.permit_, event, http::status_for_code(event.code));
  }
  if (!context.record(event)) {
    event.code = "policy_denied";
    event.layer = "audit";
    event.reason =
        "the audit cannot be written, and the node is configured to refuse egress that nobody can see";
    ++context.counters.denied;
    context.meters.count_decision("denied", event.via, event.code, event.entry, 1);
    net::reset_connection(live->socket);
    return refusal_of(reached.permit_, event, 503);
  }
  ++context.counters.allowed;
  return Forwarding(std::move(live), std::move(reached.permit_), std::move(event));
}

std::optional<Reached> find_idle(Context& context, const asio::any_io_executor& loop, Permit& permit) {
  if (!permit.inspected() && permit.intent().via != "http") return std::nullopt;
  const std::string key = origin_key(*permit.container(), permit.request(), permit.event().actor.uid);
  const std::optional<asio::ip::address> address =
      context.idle_origins.find(key, permit.addresses(), std::chrono::steady_clock::now());
  if (!address) return std::nullopt;
  audit::Event event = permit.event();
  event.ip = address->to_string();
  std::optional<Reached> found(std::in_place, tcp::socket(loop), std::move(permit), std::move(event));
  found->address_ = *address;
  return found;
}

net::Task<std::variant<Forwarding, Refused>> forward(Context& context, Permit permit) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  std::optional<Reached> found = find_idle(context, loop, permit);
  if (found) co_return open(context, std::move(*found));
  auto reached = co_await reach(context, std::move(permit));
  if (auto* refused = std::get_if<Refused>(&reached)) co_return std::move(*refused);
  co_return open(context, std::move(std::get<Reached>(reached)));
}

}  // namespace nemoclaw::enforce
