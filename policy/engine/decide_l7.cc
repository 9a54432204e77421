// One request: which endpoints judge it, deny rules of all of them, then allow rules entry by entry.
#include <algorithm>

#include "policy/engine/compiled_engine.h"

namespace nemoclaw::policy {
namespace {

void take(const Found& found, Decision& decision) {
  decision.entry = found.grant->entry->key;
  decision.rule_index = found.rule;
  decision.rule_line = found.line;
}

void forbid(Decision& decision, const char* code, std::string reason) {
  decision.verdict = Verdict::Deny;
  decision.code = code;
  decision.reason = std::move(reason);
}

// The request cannot be judged at all: refused whatever the enforcement.
std::string unreadable(const L7Request& request, const CompiledEndpoint& endpoint) {
  if (request.path.empty() || request.path[0] != '/') return "the request has no canonical path";
  if (!endpoint.keep_encoded_slash && request.path.find("%2F") != std::string::npos)
    return "the path holds an encoded slash (%2F), which the endpoint does not allow";
  if (endpoint.protocol == Protocol::GraphQl) {
    if (!request.graphql) return "the request holds no GraphQL document";
    if (!request.graphql->error.empty())
      return "the GraphQL document cannot be read: " + request.graphql->error;
    if (request.graphql->operations.empty()) return "the GraphQL document holds no operation";
  }
  if (endpoint.protocol == Protocol::Mcp || endpoint.protocol == Protocol::JsonRpc) {
    if (!request.rpc) return "the request holds no JSON-RPC message";
    if (!request.rpc->error.empty()) return "the JSON-RPC message cannot be read: " + request.rpc->error;
    if (request.rpc->frames.empty() && !request.rpc->receive_stream)
      return "the request holds no JSON-RPC message";
  }
  return {};
}

class Judge {
 public:
  Judge(std::span<const Grant> grants, const Grant& chosen, const L7Request& request, Decision& decision)
      : grants_(grants), chosen_(chosen), request_(request), decision_(decision) {}

  // Every part must be allowed; the first that is not decides.
  void run() {
    decision_.verdict = Verdict::Allow;
    switch (chosen_.endpoint->protocol) {
      case Protocol::GraphQl:
        return operations();
      case Protocol::Mcp:
      case Protocol::JsonRpc:
        return frames();
      default:
        return methods();
    }
  }

 private:
  bool ask(const Question& asked) {
    if (const auto denied = find_deny(grants_, asked)) {
      take(*denied, decision_);
      decision_.by_deny_rule = true;
      const RuleMatcher& rule = denied->grant->endpoint->deny()[static_cast<size_t>(denied->rule)];
      forbid(decision_, "policy_denied",
             describe(asked) + " not permitted by policy: deny rule " + rule.describe());
      return false;
    }
    const auto allowed = find_allow(grants_, chosen_.endpoint->protocol, asked);
    if (allowed) {
      // The smallest of the entries that allow a part stands for the request.
      if (decision_.entry.empty() || allowed->grant->entry->key < decision_.entry) take(*allowed, decision_);
      return true;
    }
    refuse(describe(asked) + " not permitted by policy");
    explain_request(grants_, asked, decision_);
    return false;
  }

  void refuse(std::string reason) {
    take({&chosen_, -1, chosen_.endpoint->line}, decision_);
    forbid(decision_, "policy_denied", std::move(reason));
  }

  std::string describe(const Question& asked) const {
    std::string line = std::string(asked.method) + " " + request_.path;
    if (asked.operation) {
      const auto& [type, name, fields] = *asked.operation;
      return type + (name.empty() ? std::string() : " " + quoted(name, 64)) + " in " + line;
    }
    if (!asked.frame) return line;
    const std::string tool = asked.frame->tool.empty() ? "" : " of " + quoted(asked.frame->tool, 64);
    return quoted(asked.frame->method, 64) + tool + " in " + line;
  }

  void methods() {
    if (!ask({request_, request_.method})) return;
    for (const std::string& other : request_.method_overrides)
      if (!ask({request_, other})) return;
    for (const QueryPair& pair : request_.query)
      if (pair.key == "_method" && !pair.value.empty() && !ask({request_, pair.value})) return;
  }

  void operations() {
    for (const GraphQlOperation& operation : request_.graphql->operations) {
      if (operation.type.empty())
        return refuse("a persisted query is sent by its hash alone, so what it does is not known");
      if (!ask({request_, request_.method, &operation})) return;
    }
  }

  void frames() {
    const bool mcp = chosen_.endpoint->protocol == Protocol::Mcp;
    if (request_.rpc->receive_stream && (!mcp || request_.method != "GET"))
      return refuse("only an MCP endpoint opens a stream, and only with GET");
    for (const RpcFrame& frame : request_.rpc->frames) {
      if (frame.has_response && (!mcp || !frame.method.empty()))
        return refuse(mcp ? "a message is both a call and an answer"
                          : "an answer to the server is not permitted by protocol json-rpc");
      if (frame.has_response) continue;
      if (frame.method.empty()) return refuse("a message names no method");
      if (!ask({request_, request_.method, nullptr, &frame})) return;
    }
  }

  std::span<const Grant> grants_;
  const Grant& chosen_;
  const L7Request& request_;
  Decision& decision_;
};

}  // namespace

void CompiledEngine::inspected_grants(const L4Request& request, std::string_view path, Grants& grants) const {
  SmallList<Ordinal, 32> found;
  const auto judge = [&](Ordinal ordinal) {
    const CompiledEndpoint& endpoint = *index_.grant(ordinal).endpoint;
    if (!endpoint.path || endpoint.path->matches(path)) found.push_back(ordinal);
  };
  for_each_slot(request, [&](const Slot& slot) {
    if (slot.paths)
      slot.paths->for_each_candidate(path, judge);
    else
      for (Ordinal each : slot.inspected) judge(each);
  });
  for (Ordinal each : found.sort()) grants.push_back(index_.grant(each));
}

std::optional<L7Plan> CompiledEngine::plan_l7(const L4Request& request, std::string_view path) const {
  if (!request.caller.identity_error.empty()) return std::nullopt;
  Grants list;
  inspected_grants(request, path, list);
  const std::span<const Grant> grants = list.items();
  if (grants.empty()) return std::nullopt;
  const CompiledEndpoint& endpoint = *most_specific(grants).endpoint;
  return L7Plan{endpoint.protocol, endpoint.enforcement, endpoint.rate_limits()};
}

Decision CompiledEngine::decide_l7(const L7Request& request) const {
  Decision decision = decide_l4(request.connection);
  if (decision.verdict != Verdict::Allow || !decision.needs_l7) return decision;
  decision.layer = "l7";
  decision.entry.clear();
  decision.rule_line = 0;
  Grants list;
  inspected_grants(request.connection, request.path, list);
  const std::span<const Grant> grants = list.items();
  if (grants.empty()) {
    forbid(decision, "policy_denied",
           request.method + " " + request.path + " not permitted by policy: no endpoint covers this path");
    decision.nearest = covered_path(request.connection);
    return decision;
  }
  const Grant& chosen = most_specific(grants);
  decision.limits = chosen.endpoint->rate_limits();
  decision.endpoint_line = chosen.endpoint->line;
  if (std::string problem = unreadable(request, *chosen.endpoint); !problem.empty()) {
    take({&chosen, -1, chosen.endpoint->line}, decision);
    forbid(decision, "invalid_request", std::move(problem));
    return decision;
  }
  Judge(grants, chosen, request, decision).run();
  if (decision.verdict == Verdict::Allow) {
    // A stream or an answer asks no rule.
    if (decision.entry.empty()) take({&chosen, -1, chosen.endpoint->line}, decision);
    decision.reason = allowed_reason;
  } else if (chosen.endpoint->enforcement == Enforcement::Audit) {
    decision.verdict = Verdict::Allow;
    decision.would_deny = true;
  }
  return decision;
}

}  // namespace nemoclaw::policy
