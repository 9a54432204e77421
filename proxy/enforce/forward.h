// From a Permit to a connection: only judged addresses, marked for the fence, and in the audit before a byte
// can pass.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "proxy/enforce/context.h"
#include "proxy/enforce/live.h"
#include "proxy/enforce/permit.h"
#include "proxy/net/async.h"
#include "proxy/net/relay.h"

namespace nemoclaw::enforce {

// The least that an open connection needs until its end: there may be thousands that wait.
class OpenTunnel {
 public:
  OpenTunnel(std::unique_ptr<Live> live, audit::Event event)
      : live_(std::move(live)), event_(std::move(event)) {}
  net::tcp::socket& socket() { return live_->socket; }
  Context& context() const { return live_->context; }
  void finish(const net::RelayBytes& bytes);

 private:
  std::unique_ptr<Live> live_;
  audit::Event event_;
};

// An upstream connection whose opening is in the audit. finish() writes the byte counts.
class Forwarding {
 public:
  Forwarding(std::unique_ptr<Live> live, Permit permit, audit::Event event)
      : live_(std::move(live)), permit_(std::move(permit)), event_(std::move(event)) {
    permit_.forget_question();
  }
  net::tcp::socket& socket() { return live_->socket; }
  Live& live() { return *live_; }
  const audit::Event& event() const { return event_; }
  // What a tunnel keeps, which is never reopened. Nothing else may be done with this object afterwards.
  OpenTunnel become_tunnel() { return OpenTunnel(std::move(live_), std::move(event_)); }
  // For requests, each of which may take another connection to the judged addresses. First one that the same
  // caller has left idle (null: there is none), then the one that opened this, or a new one.
  std::unique_ptr<OriginLink> take_idle(std::string_view profile, std::chrono::seconds idle_max);
  net::Task<Result<std::unique_ptr<OriginLink>>> connect();
  // For the next request of this caller; dropped if another policy came into force meanwhile.
  void leave_idle(std::unique_ptr<OriginLink> link);
  void finish(const net::RelayBytes& bytes, std::string reason = {});
  // What the client said on it shows that it wants something else than was allowed: into the audit. finish() follows.
  void refuse(std::string code, std::string reason);

 private:
  const std::string& idle_key();

  std::unique_ptr<Live> live_;
  Permit permit_;
  audit::Event event_;
  std::string key_;  // of idle connections, for this generation of the policy
  uint64_t key_generation_ = 0;
};

// An upstream connection that is not in the audit yet: nothing can be sent over it or taken from it.
class Reached {
 public:
  Reached(net::tcp::socket socket, Permit permit, audit::Event event)
      : socket_(std::move(socket)), permit_(std::move(permit)), event_(std::move(event)) {}
  const std::string& host() const { return event_.host; }
  // Until the origin speaks, or ends the connection.
  net::Task<void> wait_for_word();
  // The same connection by another decision; false if that one is not about this address.
  bool take(Permit permit);

 private:
  friend std::variant<Forwarding, Refused> open(Context& context, Reached reached);
  friend net::Task<std::variant<Reached, Refused>> reach(Context& context, Permit permit);
  friend std::optional<Reached> find_idle(Context& context, const asio::any_io_executor& loop, Permit& permit);
  net::tcp::socket socket_;
  asio::ip::address address_;
  Permit permit_;
  audit::Event event_;
};

// What stands already, if that is so; `permit` is used up then.
std::optional<Reached> find_idle(Context& context, const asio::any_io_executor& loop, Permit& permit);
// Refused: upstream_unreachable.
net::Task<std::variant<Reached, Refused>> reach(Context& context, Permit permit);
// Refused: the audit cannot be written.
std::variant<Forwarding, Refused> open(Context& context, Reached reached);
// Both. Where requests pass, a connection that the same caller has left idle is as good as a new one.
net::Task<std::variant<Forwarding, Refused>> forward(Context& context, Permit permit);

}  // namespace nemoclaw::enforce
