// From a Permit to a connection: only judged addresses, marked for the fence, and in the audit before a byte
// can pass.
#pragma once

#include <variant>

#include "proxy/enforce/context.h"
#include "proxy/enforce/permit.h"
#include "proxy/net/async.h"
#include "proxy/net/relay.h"

namespace nemoclaw::enforce {

// An upstream connection whose opening is in the audit. finish() writes the byte counts.
class Forwarding {
 public:
  Forwarding(Context& context, net::tcp::socket socket, Permit permit, audit::Event event)
      : context_(context), socket_(std::move(socket)), permit_(std::move(permit)), event_(std::move(event)) {}
  net::tcp::socket& socket() { return socket_; }
  const audit::Event& event() const { return event_; }
  // Another connection to the same judged addresses, in the place of one that the origin has closed between
  // two requests.
  net::Task<Result<void>> reopen();
  void finish(const net::RelayBytes& bytes, std::string reason = {});

 private:
  Context& context_;
  net::tcp::socket socket_;
  Permit permit_;
  audit::Event event_;
};

// Tries the addresses in order. Refused: upstream_unreachable, or the audit cannot be written.
net::Task<std::variant<Forwarding, Refused>> forward(Context& context, Permit permit);

}  // namespace nemoclaw::enforce
