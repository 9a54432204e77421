// The order of a decision, in one place (docs/architecture.md, "Life of a request"): destination, caller, L4,
// addresses; then, and only then, a Permit.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "proxy/enforce/caller.h"
#include "proxy/enforce/context.h"
#include "proxy/enforce/permit.h"
#include "proxy/http/request.h"

namespace nemoclaw::enforce {

class Enforcer {
 public:
  explicit Enforcer(Context& context) : context_(context) {}

  // Every refusal is in the audit when this returns; an allow gets there when Forwarder has a connection.
  net::Task<std::variant<Permit, Refused>> decide(Intent intent, peer::SocketTuple tuple);
  // For a caller who is known already.
  net::Task<std::variant<Permit, Refused>> decide(Intent intent, IdentifiedCaller who);

  // How this request is to be read before it can be judged; absent if its target or its connection is refused
  // anyway.
  std::optional<policy::L7Plan> plan_request(const Connection& connection,
                                             const http::Request& request) const;
  // Its body must be read whole before it is judged.
  bool wants_body(const Connection& connection, const std::optional<policy::L7Plan>& plan) const;
  // One request of a connection, by the policy that is in force now. `body`: its content, if it was
  // wanted. Every decision is in the audit when this returns.
  std::variant<RequestPermit, Refused> decide_request(Connection& connection, http::Request request,
                                                      std::string_view body = {});
  // "" or why `engine` does not allow a request that is still being sent; nothing is counted or written down.
  // A body that was judged is not judged again.
  std::string why_not_request(const Connection& connection, const policy::Engine& engine,
                              const http::Request& request) const;
  // A request on it that could not be read, or whose answer could not be had.
  Refused refuse_request(const Connection& connection, const http::Request& request,
                         const http::Refusal& refusal);

  // A request that could not be read: identified and audited, never judged.
  net::Task<Refused> refuse_invalid(Intent intent, http::Refusal refusal, peer::SocketTuple tuple);
  Refused refuse_invalid(const Intent& intent, const http::Refusal& refusal, const IdentifiedCaller& who);

 private:
  audit::Event intent_event(const Intent& intent, const IdentifiedCaller& who);
  // The addresses that are to be judged, or why there are none.
  net::Task<Result<std::vector<asio::ip::address>>> find_addresses(const Intent& intent, std::string host,
                                                                   const Container& container);
  Refused refuse(const Intent& intent, audit::Event event, const policy::Decision& decision);

  Context& context_;
};

}  // namespace nemoclaw::enforce
