#include "proxy/serve/bypass.h"

#include <netinet/in.h>

namespace nemoclaw::serve {

namespace {

peer::SocketTuple tuple_of(const net::Packet& packet) {
  using asio::ip::tcp;  // an endpoint is an address and a port, whatever the protocol
  peer::SocketTuple tuple = enforce::client_tuple(tcp::endpoint(packet.source, packet.source_port),
                                                  tcp::endpoint(packet.destination, packet.destination_port));
  tuple.protocol = packet.protocol;
  return tuple;
}

audit::Event event_of(const net::RejectedPacket& rejected) {
  audit::Event event;
  event.via = "bypass";
  event.proto = net::protocol_name(rejected.packet.protocol);
  event.host = event.ip = rejected.packet.destination.to_string();
  event.port = rejected.packet.destination_port;
  event.layer = "fence";
  event.code = "policy_denied";
  event.reason = "a packet that did not go through the proxy was rejected by the fence";
  event.count = 1;
  event.actor.uid = rejected.uid;
  return event;
}

}  // namespace

void BypassAudit::report(const asio::any_io_executor& executor, const net::RejectedPacket& rejected) {
  const uint8_t protocol = rejected.packet.protocol;
  std::vector<peer::SocketTuple> tuples;
  if ((protocol == IPPROTO_UDP || protocol == IPPROTO_TCP) && rejected.packet.source_port != 0)
    tuples.push_back(tuple_of(rejected.packet));
  report(executor, event_of(rejected), std::move(tuples));
}

void BypassAudit::report(const asio::any_io_executor& executor, audit::Event event,
                         std::vector<peer::SocketTuple> tuples) {
  Key key{event.via == "dns" ? "dns " + event.method : event.proto, event.host, event.port};
  if (const auto known = attempts_.find(key); known != attempts_.end()) {
    ++known->second.pending;
    return;
  }
  if (attempts_.size() >= kDestinationsMax) {
    ++overflow_;
    return;
  }
  attempts_.emplace(key, Attempt{event, 0});
  net::start(executor, write_first(std::move(key), std::move(event), std::move(tuples)));
  if (!std::exchange(is_counting_, true)) net::start(executor, flush_while_pending());
}

net::Task<void> BypassAudit::write_first(Key key, audit::Event event, std::vector<peer::SocketTuple> tuples) {
  event.decision = context_.next_decision();
  if (!tuples.empty()) {
    // Best effort: it is refused in any case, and its sender may be gone.
    enforce::IdentifiedCaller who = co_await enforce::identify_any(context_, std::move(tuples));
    if (!who.actor.uid) who.actor.uid = event.actor.uid;
    event.actor = std::move(who.actor);
    event.subject = who.container->subject;
  }
  count(event, 1);
  context_.record(event);
  if (const auto attempt = attempts_.find(key); attempt != attempts_.end())
    attempt->second.event = std::move(event);
}

void BypassAudit::count(const audit::Event& event, uint64_t attempts) {
  (event.allowed ? context_.counters.allowed : context_.counters.denied) += attempts;
}

void BypassAudit::flush() {
  for (auto attempt = attempts_.begin(); attempt != attempts_.end();) {
    if (attempt->second.pending == 0) {
      attempt = attempts_.erase(attempt);
      continue;
    }
    attempt->second.event.decision = context_.next_decision();
    attempt->second.event.count = attempt->second.pending;
    count(attempt->second.event, attempt->second.pending);
    context_.record(attempt->second.event);
    attempt->second.pending = 0;
    ++attempt;
  }
  if (overflow_ == 0) return;
  audit::Event event;
  event.via = "bypass";
  event.proto = "any";
  event.layer = "fence";
  event.code = "policy_denied";
  event.reason =
      "packets to many more destinations were rejected by the fence, or many more names were asked for";
  event.decision = context_.next_decision();
  event.count = overflow_;
  context_.counters.denied += overflow_;
  context_.record(event);
  overflow_ = 0;
}

// Ends when nothing is left to count: an idle proxy does not wake up.
net::Task<void> BypassAudit::flush_while_pending() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  do {
    timer.expires_after(std::chrono::seconds(1));
    const auto [code] = co_await timer.async_wait(net::kTuple);
    if (code) break;
    flush();
  } while (!attempts_.empty());
  is_counting_ = false;
}

}  // namespace nemoclaw::serve
