#include "proxy/enforce/enforce.h"

#include <algorithm>
#include <cerrno>

#include "proxy/enforce/decision_event.h"

namespace nemoclaw::enforce {

namespace {

// The sandbox was told another name for this address, so the connection says something else than the lookup
// did.
policy::Decision explain_other_name(const Intent& intent, const std::string& host, policy::Decision l4) {
  const bool told = std::find(intent.names.begin(), intent.names.end(), host) != intent.names.end();
  if (intent.names.empty() || told || l4.layer != "l4" || l4.code != "policy_denied" ||
      policy::parse_address(host))
    return l4;
  l4.code = "authority_mismatch";
  l4.reason = "the connection to " + intent.original->to_string() + " names " + host +
              ", but the sandbox asked for " + intent.names.front() + "; " + l4.reason;
  return l4;
}

}  // namespace

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

audit::Event Enforcer::intent_event(const Intent& intent, const IdentifiedCaller& who) {
  audit::Event event;
  event.decision = context_.next_decision();
  event.via = intent.via;
  event.host = intent.host;
  event.port = intent.port;
  if (intent.original) event.ip = intent.original->to_string();
  if (intent.via == "http") event.method = intent.method;
  event.actor = who.actor;
  event.subject = who.container->subject;
  return event;
}

net::Task<std::variant<Permit, Refused>> Enforcer::decide(Intent intent, peer::SocketTuple tuple) {
  IdentifiedCaller who = co_await identify_caller(context_, tuple);
  co_return co_await decide(std::move(intent), std::move(who));
}

net::Task<std::variant<Permit, Refused>> Enforcer::decide(Intent intent, IdentifiedCaller who) {
  const metrics::Timing timing(context_.meters.decision);
  audit::Event event = intent_event(intent, who);
  Result<std::string> host = policy::normalise_host(intent.host);
  if (!host) co_return refuse(intent, event, denial("http", "invalid_request", host.error().message));
  event.host = *host;

  policy::L4Request request{std::move(who.caller), std::move(*host), intent.port};
  const std::shared_ptr<const policy::Engine> engine =
      who.container->engine;  // this generation, until the end
  const policy::Decision l4 = engine->decide_l4(request);
  if (l4.verdict != policy::Verdict::Allow)
    co_return refuse(intent, event, explain_other_name(intent, request.host, l4));
  const Result<std::vector<asio::ip::address>> found =
      co_await find_addresses(intent, request.host, *who.container);
  if (!found) {
    const bool limited = found.error().errno_value == EDQUOT;
    policy::Decision unresolved =
        denial("l4", limited ? "rate_limited" : "upstream_unreachable", found.error().message);
    unresolved.entry = l4.entry;
    co_return refuse(intent, event, unresolved);
  }
  if (!intent.original && !found->empty()) event.ip = found->front().to_string();
  const policy::Decision judged =
      engine->judge_addresses(request, l4, to_policy_addresses(*found), context_.node_addresses);
  if (judged.verdict != policy::Verdict::Allow) co_return refuse(intent, event, judged);
  if (intent.original && std::find(found->begin(), found->end(), *intent.original) == found->end())
    co_return refuse(intent, event,
                     denial("l4", "authority_mismatch",
                            "the connection to " + intent.original->to_string() + " names " + request.host +
                                ", which does not have this address"));

  take_decision(l4, event);
  event.allowed = true;
  event.activity = audit::Activity::Open;
  std::vector<asio::ip::address> dialled = *found;
  if (intent.original) dialled = {*intent.original};
  const std::string via = intent.via;
  Permit permit(std::move(intent), dialled, std::move(event));
  permit.request_ = request;
  permit.container_ = who.container;
  if (l4.is_inspected())
    permit.inspected_ =
        Connection{via, who.container, std::move(request), std::move(who.actor), std::move(dialled), engine};
  co_return permit;
}

net::Task<Result<std::vector<asio::ip::address>>> Enforcer::find_addresses(const Intent& intent,
                                                                           std::string host,
                                                                           const Container& container) {
  const policy::Engine& engine = *container.engine;
  using Addresses = std::vector<asio::ip::address>;
  const bool is_literal = policy::parse_address(host).has_value();
  if (intent.original) {
    // What the sandbox was told is the one lookup. A name that no entry writes decides nothing, and asking
    // for it would carry it out.
    const bool told = std::find(intent.names.begin(), intent.names.end(), host) != intent.names.end();
    if (told || (!is_literal && engine.match_host(host) == policy::HostMatch::None))
      co_return Addresses{*intent.original};
  }
  if (!is_literal && engine.match_host(host) != policy::HostMatch::Exact)
    if (std::string reason = context_.name_budget.spend(host, std::chrono::steady_clock::now());
        !reason.empty())
      co_return Error{EDQUOT, std::move(reason), 1};
  const std::unique_ptr<dns::Resolver>& resolver =
      container.resolver ? container.resolver : context_.resolver;
  if (!resolver) co_return make_error("the sandbox has not been started, nothing is resolved yet");
  const metrics::Timing timing(context_.meters.resolve);
  Result<Addresses> resolved = co_await resolver->resolve(std::move(host));
  if (!resolved) co_return std::move(resolved).error().with_context("name resolution");
  co_return resolved;
}

net::Task<Refused> Enforcer::refuse_invalid(Intent intent, http::Refusal refusal, peer::SocketTuple tuple) {
  const IdentifiedCaller who = co_await identify_caller(context_, tuple);
  co_return refuse_invalid(intent, refusal, who);
}

Refused Enforcer::refuse_invalid(const Intent& intent, const http::Refusal& refusal,
                                 const IdentifiedCaller& who) {
  audit::Event event = intent_event(intent, who);
  event.method.clear();  // it was not read to its end
  Refused refused = refuse(intent, std::move(event), denial("http", refusal.code, refusal.reason));
  refused.denial.status = refusal.status;
  return refused;
}

}  // namespace nemoclaw::enforce
