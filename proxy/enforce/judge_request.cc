// One request of an inspected connection: authority, canonical target, the rules. The policy in force now
// decides, not the one that let the connection in.
#include "policy/engine/target.h"
#include "proxy/enforce/decision_event.h"
#include "proxy/enforce/enforce.h"
#include "proxy/enforce/read_body.h"
#include "proxy/http/text.h"

namespace nemoclaw::enforce {

namespace {

constexpr std::string_view kMethodOverrides[] = {"x-http-method-override", "x-http-method",
                                                 "x-method-override"};

audit::Event event_of(Context& context, const Connection& connection, const http::Request& request) {
  audit::Event event;
  event.decision = context.next_decision();
  event.via = connection.via;
  event.actor = connection.actor;
  event.subject = connection.container->subject;
  event.host = connection.request.host;
  event.port = connection.request.port;
  event.method = request.method;
  event.path = request.path.substr(0, request.path.find('?'));  // queries hold secrets
  event.is_request = true;
  return event;
}

Intent intent_of(const audit::Event& event) {
  return Intent{event.via, event.host, event.port, event.method, event.path};
}

// "" or how the request's own authority differs from the connection's.
std::string authority_problem(const Connection& connection, const http::Authority& authority) {
  // HTTP/1.0 need not say.
  if (authority.host.empty()) return {};
  const Result<std::string> host = policy::normalise_host(authority.host);
  if (host && *host == connection.request.host && authority.port == connection.request.port) return {};
  return "the request is for " + quoted(authority.host, 80) + " port " + std::to_string(authority.port) +
         ", and the connection is to " + connection.request.host + " port " +
         std::to_string(connection.request.port);
}

Credentials credentials_of(Context& context, const Connection& connection, const policy::Engine& engine) {
  return {engine.credentials(),
          {connection.request.host, connection.request.port, connection.is_tls},
          context.secrets.get()};
}

policy::L7Request question_of(const Connection& connection, const http::Request& request,
                              const policy::CanonicalTarget& target, std::string_view body,
                              const std::optional<policy::L7Plan>& plan) {
  policy::L7Request question;
  question.connection = connection.request;
  question.method = request.method;
  question.path = target.path;
  question.query = target.pairs;
  for (const http::Field& field : request.fields)
    for (const std::string_view name : kMethodOverrides)
      if (http::equals_ignoring_case(field.name, name)) question.method_overrides.push_back(field.value);
  if (plan && plan->protocol == policy::Protocol::GraphQl)
    question.graphql = read_graphql(request, target, body);
  if (plan && reads_rpc(plan->protocol)) question.rpc = read_rpc(request, body);
  return question;
}

}  // namespace

std::optional<policy::L7Plan> Enforcer::plan_request(const Connection& connection,
                                                     const http::Request& request) const {
  const policy::Engine& engine = *connection.container->engine;
  const policy::Decision l4 = engine.decide_l4(connection.request);
  const policy::TargetOutcome outcome = policy::canonicalise_target(request.path, l4.keep_encoded_slash);
  if (l4.verdict != policy::Verdict::Allow || !l4.needs_l7 || !outcome.target) return std::nullopt;
  return engine.plan_l7(connection.request, outcome.target->path);
}

bool Enforcer::wants_body(const Connection& connection, const std::optional<policy::L7Plan>& plan) const {
  return (plan && is_judged_by_body(plan->protocol)) ||
         credentials_of(context_, connection, *connection.container->engine).wants_body();
}

std::variant<RequestPermit, Refused> Enforcer::decide_request(Connection& connection, http::Request request,
                                                              std::string_view body) {
  audit::Event event = event_of(context_, connection, request);
  const auto refused = [&](const policy::Decision& decision) {
    return refuse(intent_of(event), event, decision);
  };
  if (std::string problem = authority_problem(connection, request.authority); !problem.empty())
    return refused(denial("http", "authority_mismatch", std::move(problem)));

  const std::shared_ptr<const policy::Engine> engine = connection.container->engine;
  const policy::Decision l4 = engine->decide_l4(connection.request);
  if (l4.verdict != policy::Verdict::Allow) return refused(l4);
  if (engine != connection.judged_by) {
    const policy::Decision judged = engine->judge_addresses(
        connection.request, l4, to_policy_addresses(connection.addresses), context_.node_addresses);
    if (judged.verdict != policy::Verdict::Allow) return refused(judged);
    connection.judged_by = engine;
  }

  policy::TargetOutcome outcome = policy::canonicalise_target(request.path, l4.keep_encoded_slash);
  if (!outcome.target) {
    Refused answer = refused(denial("http", "invalid_request", outcome.reason));
    answer.denial.status = outcome.status;
    return answer;
  }
  event.path = outcome.target->path;
  policy::RateLimits limits;
  uint32_t endpoint_line = 0;
  if (l4.needs_l7) {
    const policy::Decision decision =
        engine->decide_l7(question_of(connection, request, *outcome.target, body,
                                      engine->plan_l7(connection.request, outcome.target->path)));
    if (decision.verdict != policy::Verdict::Allow) return refused(decision);
    take_decision(decision, event);
    event.would_deny = decision.would_deny;
    limits = decision.limits;
    endpoint_line = decision.endpoint_line;
  } else {
    take_decision(l4, event);
  }
  request.path = outcome.target->text();
  request.authority.host = connection.request.host;
  request.authority.port = connection.request.port;
  request.authority.is_ipv6 = connection.request.host.find(':') != std::string::npos;
  const Credentials credentials = credentials_of(context_, connection, *engine);
  std::optional<http::Request> judged;
  if (!credentials.empty()) judged = request;
  std::optional<std::string> filled_body;
  if (!body.empty()) filled_body = body;
  Result<std::vector<std::string>> used = credentials.fill(request, filled_body ? &*filled_body : nullptr);
  if (!used) return refused(denial("credentials", "policy_denied", used.error().message));
  event.secrets = std::move(*used);
  // By endpoint and not by host: below a wildcard, every new name would start a new count.
  const std::string key = connection.container->subject.container + " line " + std::to_string(endpoint_line);
  const Quota::Time now = std::chrono::steady_clock::now();
  if (std::string reason = context_.quota.take_request(key, limits, request.framing.length, now);
      !reason.empty())
    return refused(denial("l7", "rate_limited", std::move(reason)));
  event.allowed = true;
  event.activity = audit::Activity::Open;
  if (!context_.record(event))
    return refused(
        denial("audit", "policy_denied",
               "the audit cannot be written, and the node is configured to refuse egress that nobody can "
               "see"));
  ++context_.counters.allowed;
  RequestPermit permit(std::move(request));
  permit.judged_ = std::move(judged);
  if (!credentials.empty()) permit.mask_ = credentials.mask();
  if (filled_body && *filled_body != body) permit.body_ = std::move(filled_body);
  permit.body_bytes_max_ = context_.quota.body_bytes_left(key, limits, now);
  if (limits.bytes_out_per_hour) permit.quota_key_ = key;
  return permit;
}

std::string Enforcer::why_not_request(const Connection& connection, const policy::Engine& engine,
                                      const http::Request& request) const {
  const policy::Decision l4 = engine.decide_l4(connection.request);
  if (l4.verdict != policy::Verdict::Allow) return l4.reason;
  const policy::Decision judged = engine.judge_addresses(
      connection.request, l4, to_policy_addresses(connection.addresses), context_.node_addresses);
  if (judged.verdict != policy::Verdict::Allow) return judged.reason;
  if (!l4.needs_l7) return {};
  const policy::TargetOutcome outcome = policy::canonicalise_target(request.path, l4.keep_encoded_slash);
  if (!outcome.target) return outcome.reason;
  const std::optional<policy::L7Plan> plan = engine.plan_l7(connection.request, outcome.target->path);
  if (plan && is_judged_by_body(plan->protocol)) return {};
  const policy::Decision decision =
      engine.decide_l7(question_of(connection, request, *outcome.target, {}, plan));
  return decision.verdict == policy::Verdict::Allow ? std::string() : decision.reason;
}

Refused Enforcer::refuse_request(const Connection& connection, const http::Request& request,
                                 const http::Refusal& refusal) {
  const audit::Event event = event_of(context_, connection, request);
  Refused refused = refuse(intent_of(event), event, denial("http", refusal.code, refusal.reason));
  refused.denial.status = refusal.status;
  return refused;
}

}  // namespace nemoclaw::enforce
