#include "proxy/enforce/enforce.h"

#include "proxy/enforce/decision_event.h"

namespace nemoclaw::enforce {

Refused Enforcer::refuse(const Intent& intent, audit::Event event, const policy::Decision& decision) {
  take_decision(decision, event);
  if (event.code.empty()) event.code = "policy_denied";
  if (!decision.nearest.empty()) event.reason += " (nearest: " + decision.nearest + ")";
  event.allowed = false;
  event.activity = audit::Activity::Refuse;
  ++context_.counters.denied;
  context_.record(event);  // a refusal stands even if it cannot be written
  Refused refused;
  refused.denial = http::Denial{http::status_for_code(event.code),
                                event.code,
                                event.decision,
                                event.reason,
                                event.layer,
                                event.entry,
                                event.actor.binary,
                                event.host,
                                event.port,
                                intent.method,
                                intent.path};
  return refused;
}

net::Task<std::variant<Permit, Refused>> Enforcer::decide(Intent intent, peer::SocketTuple tuple) {
  audit::Event event;
  event.decision = context_.next_decision();
  event.via = intent.via;
  event.port = intent.port;
  event.host = intent.host;
  if (intent.via == "http") event.method = intent.method;

  Result<std::string> host = policy::normalise_host(intent.host);
  IdentifiedCaller who = co_await identify_caller(context_, tuple);
  event.actor = who.actor;
  event.subject = who.container->subject;
  if (!host) co_return refuse(intent, event, denial("http", "invalid_request", host.error().message));
  event.host = *host;

  policy::L4Request request{std::move(who.caller), std::move(*host), intent.port};
  const std::shared_ptr<const policy::Engine> engine =
      who.container->engine;  // this generation, until the end
  const policy::Decision l4 = engine->decide_l4(request);
  if (l4.verdict != policy::Verdict::Allow) co_return refuse(intent, event, l4);
  if (!context_.resolver)
    co_return refuse(
        intent, event,
        denial("l4", "upstream_unreachable", "the sandbox has not been started, nothing is resolved yet"));
  const auto resolved = co_await context_.resolver->resolve(request.host);
  if (!resolved) {
    policy::Decision unresolved =
        denial("l4", "upstream_unreachable", "name resolution: " + resolved.error().message);
    unresolved.entry = l4.entry;
    co_return refuse(intent, event, unresolved);
  }
  if (!resolved->empty()) event.ip = resolved->front().to_string();
  const policy::Decision judged =
      engine->judge_addresses(request, l4, to_policy_addresses(*resolved), context_.node_addresses);
  if (judged.verdict != policy::Verdict::Allow) co_return refuse(intent, event, judged);

  take_decision(l4, event);
  event.allowed = true;
  event.activity = audit::Activity::Open;
  const std::string via = intent.via;
  Permit permit(std::move(intent), *resolved, std::move(event));
  if (l4.needs_l7)
    permit.inspected_ =
        Connection{via, who.container, std::move(request), std::move(who.actor), *resolved, engine};
  co_return permit;
}

net::Task<Refused> Enforcer::refuse_invalid(Intent intent, http::Refusal refusal, peer::SocketTuple tuple) {
  audit::Event event;
  event.decision = context_.next_decision();
  event.via = intent.via;
  event.host = intent.host;
  event.port = intent.port;
  const IdentifiedCaller who = co_await identify_caller(context_, tuple);
  event.actor = who.actor;
  event.subject = who.container->subject;
  Refused refused = refuse(intent, event, denial("http", refusal.code, refusal.reason));
  refused.denial.status = refusal.status;
  co_return refused;
}

net::Task<void> Enforcer::refuse_captured(std::optional<net::tcp::endpoint> original,
                                          peer::SocketTuple tuple) {
  audit::Event event;
  event.decision = context_.next_decision();
  event.via = "captured";
  const IdentifiedCaller who = co_await identify_caller(context_, tuple);
  event.actor = who.actor;
  event.subject = who.container->subject;
  std::string reason;
  if (original) {
    event.ip = event.host = original->address().to_string();
    event.port = original->port();
    reason = "direct connections are not captured yet: use the proxy at 127.0.0.1:3128 (HTTPS_PROXY)";
  } else {
    reason = "a connection straight to the listener for redirected connections: it has no destination";
  }
  refuse(Intent{}, event, denial("l4", "policy_denied", reason));
}

}  // namespace nemoclaw::enforce
