// One request: which endpoints judge it, deny rules of all of them, then allow rules entry by entry.
#include <algorithm>
#include <tuple>

#include "policy/engine/compiled_engine.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* kKnownMcpMethods[] = {"initialize",
                                            "ping",
                                            "completion/complete",
                                            "logging/setLevel",
                                            "notifications/cancelled",
                                            "notifications/initialized",
                                            "notifications/progress",
                                            "notifications/roots/list_changed",
                                            "prompts/get",
                                            "prompts/list",
                                            "resources/list",
                                            "resources/read",
                                            "resources/subscribe",
                                            "resources/templates/list",
                                            "resources/unsubscribe",
                                            "tools/call",
                                            "tools/list"};

bool is_known_mcp(std::string_view method) {
  return std::find(std::begin(kKnownMcpMethods), std::end(kKnownMcpMethods), method) !=
         std::end(kKnownMcpMethods);
}

// How closely an endpoint's path describes the request: none, a glob by its literal bytes, an exact path.
std::tuple<bool, size_t, size_t> specificity(const CompiledEndpoint& endpoint) {
  if (!endpoint.path) return {false, 0, 0};
  return {endpoint.path->is_exact(), endpoint.path->literal_prefix().size(), endpoint.path->text().size()};
}

// The most specific endpoint; the first of equals.
const Grant* most_specific(const Grant* begin, const Grant* end) {
  return std::max_element(begin, end, [](const Grant& a, const Grant& b) {
    return specificity(*a.endpoint) < specificity(*b.endpoint);
  });
}

// What one rule is asked about: a method, an operation, or a frame.
struct Question {
  const L7Request& request;
  std::string_view method;                      // rest and websocket
  const GraphQlOperation* operation = nullptr;  // graphql
  const RpcFrame* frame = nullptr;              // mcp and json-rpc

  bool fits(const RuleMatcher& rule, Protocol protocol) const {
    switch (protocol) {
      case Protocol::GraphQl:
        return operation && rule.fits(*operation);
      case Protocol::Mcp:
      case Protocol::JsonRpc:
        return frame && rule.fits(*frame);
      default:
        return rule.fits_method(method) && rule.fits_path(request.path) && rule.fits_query(request.query);
    }
  }
};

bool access_fits(const CompiledEndpoint& endpoint, const Question& asked) {
  const auto frame_fits = [&] {
    if (endpoint.access == Access::Full) return true;
    if (endpoint.protocol != Protocol::Mcp) return false;  // the name of a method does not tell what it does
    if (endpoint.mcp_known_methods && is_known_mcp(asked.frame->method))
      return asked.frame->method != "tools/call" || !endpoint.names_tools;
    if (endpoint.access == Access::None || !is_known_mcp(asked.frame->method)) return false;
    return endpoint.access == Access::ReadWrite || asked.frame->method != "tools/call";
  };
  switch (endpoint.protocol) {
    case Protocol::GraphQl:
      return asked.operation && access_covers(endpoint.access, *asked.operation);
    case Protocol::Mcp:
    case Protocol::JsonRpc:
      return asked.frame && frame_fits();
    default:
      return access_covers(endpoint.access, asked.method);
  }
}

struct Found {
  const Grant* grant = nullptr;
  int32_t rule = -1;
  uint32_t line = 0;
};

std::optional<Found> find_rule(const Grant& grant, const std::vector<RuleMatcher>& rules,
                               const Question& asked) {
  for (size_t i = 0; i < rules.size(); ++i)
    if (asked.fits(rules[i], grant.endpoint->protocol))
      return Found{&grant, static_cast<int32_t>(i), rules[i].line()};
  return std::nullopt;
}

std::optional<Found> find_allow(const Grant& grant, const Question& asked) {
  if (access_fits(*grant.endpoint, asked)) return Found{&grant, -1, grant.endpoint->line};
  return find_rule(grant, grant.endpoint->allow, asked);
}

// Within an entry its most specific path chooses; entries add up, as far as they read the request in the
// same way as the endpoint that was chosen.
std::optional<Found> find_allow(const std::vector<Grant>& grants, Protocol protocol, const Question& asked) {
  for (const Grant *at = grants.data(), *end = at + grants.size(); at != end;) {
    const Grant* next = std::find_if(at, end, [&](const Grant& grant) { return grant.entry != at->entry; });
    const auto closest = specificity(*most_specific(at, next)->endpoint);
    for (; at != next; ++at) {
      if (at->endpoint->protocol != protocol || specificity(*at->endpoint) != closest) continue;
      if (auto found = find_allow(*at, asked)) return found;
    }
  }
  return std::nullopt;
}

std::optional<Found> find_deny(const std::vector<Grant>& grants, const Question& asked) {
  for (const Grant& grant : grants)
    if (auto found = find_rule(grant, grant.endpoint->deny, asked)) return found;
  return std::nullopt;
}

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
  Judge(const std::vector<Grant>& grants, const Grant& chosen, const L7Request& request, Decision& decision)
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
      const RuleMatcher& rule = denied->grant->endpoint->deny[static_cast<size_t>(denied->rule)];
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
    explain_request(grants_, request_, decision_);
    return false;
  }

  void refuse(std::string reason) {
    take({&chosen_, -1, chosen_.endpoint->line}, decision_);
    forbid(decision_, "policy_denied", std::move(reason));
  }

  std::string describe(const Question& asked) const {
    const std::string line = std::string(asked.method) + " " + request_.path;
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

  const std::vector<Grant>& grants_;
  const Grant& chosen_;
  const L7Request& request_;
  Decision& decision_;
};

}  // namespace

std::vector<Grant> CompiledEngine::inspected_grants(const L4Request& request, std::string_view path) const {
  std::vector<Grant> grants;
  for_each_grant(request, [&](const Grant& grant) {
    if (grant.endpoint->needs_l7 && (!grant.endpoint->path || grant.endpoint->path->matches(path)))
      grants.push_back(grant);
    return true;
  });
  return grants;
}

std::optional<L7Plan> CompiledEngine::plan_l7(const L4Request& request, std::string_view path) const {
  if (!request.caller.identity_error.empty()) return std::nullopt;
  const auto grants = inspected_grants(request, path);
  if (grants.empty()) return std::nullopt;
  const CompiledEndpoint& endpoint = *most_specific(grants.data(), grants.data() + grants.size())->endpoint;
  return L7Plan{endpoint.protocol, endpoint.enforcement, endpoint.limits};
}

Decision CompiledEngine::decide_l7(const L7Request& request) const {
  Decision decision = decide_l4(request.connection);
  if (decision.verdict != Verdict::Allow || !decision.needs_l7) return decision;
  decision.layer = "l7";
  decision.entry.clear();
  decision.rule_line = 0;
  const auto grants = inspected_grants(request.connection, request.path);
  if (grants.empty()) {
    forbid(decision, "policy_denied",
           request.method + " " + request.path + " not permitted by policy: no endpoint covers this path");
    return decision;
  }
  const Grant& chosen = *most_specific(grants.data(), grants.data() + grants.size());
  decision.limits = chosen.endpoint->limits;
  if (std::string problem = unreadable(request, *chosen.endpoint); !problem.empty()) {
    take({&chosen, -1, chosen.endpoint->line}, decision);
    forbid(decision, "invalid_request", std::move(problem));
    return decision;
  }
  Judge(grants, chosen, request, decision).run();
  if (decision.verdict == Verdict::Allow) {
    // A stream or an answer asks no rule.
    if (decision.entry.empty()) take({&chosen, -1, chosen.endpoint->line}, decision);
    decision.reason.assign("entry '").append(decision.entry).append("' allows ");
    decision.reason.append(request.method).append(" ").append(request.path);
  } else if (chosen.endpoint->enforcement == Enforcement::Audit) {
    decision.verdict = Verdict::Allow;
    decision.would_deny = true;
  }
  return decision;
}

}  // namespace nemoclaw::policy
