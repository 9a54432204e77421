#include "policy/engine/engine.h"

#include <algorithm>
#include <set>

#include "policy/engine/compiled_engine.h"

namespace nemoclaw::policy {
namespace {

Decision deny(const char* layer, std::string code, std::string reason) {
  Decision decision;
  decision.layer = layer;
  decision.code = std::move(code);
  decision.reason = std::move(reason);
  return decision;
}

std::vector<std::string> collect_named(const Policy& policy) {
  std::set<std::string> named;
  const auto add = [&](const std::string& path) {
    if (!path.empty() && path[0] == '/' && path.find('*') == std::string::npos) named.insert(path);
  };
  for (const NetworkEntry& entry : policy.network) {
    if (!entry.binaries) continue;
    for (const Binary& binary : *entry.binaries) {
      if (!binary.script) add(binary.path);
      add(binary.via);
    }
  }
  return {named.begin(), named.end()};
}

}  // namespace

Decision CompiledEngine::decide_l4(const L4Request& request) const {
  const Caller& caller = request.caller;
  if (!caller.identity_error.empty()) {
    // With a code, the process was found and the text says what is wrong with it.
    if (!caller.identity_code.empty()) return deny("identity", caller.identity_code, caller.identity_error);
    return deny("identity", "policy_denied",
                "the calling process could not be identified: " + caller.identity_error);
  }
  Grant first{nullptr, nullptr}, denied{nullptr, nullptr};
  bool needs_l7 = false, keep_slash = false;
  for_each_grant(request, [&](const Grant& grant) {
    if (!first.entry) first = grant;
    if (!denied.entry && grant.endpoint->denies_everything) denied = grant;
    // A plain entry beside one with rules does not switch inspection off.
    needs_l7 = needs_l7 || grant.endpoint->needs_l7;
    keep_slash = keep_slash || grant.endpoint->keep_encoded_slash;
    return true;
  });
  if (!first.entry) return explain_denial(request);
  if (denied.entry) {
    Decision decision = deny("l4", "policy_denied",
                             "entry '" + denied.entry->key + "' denies every request to " + request.host +
                                 ":" + std::to_string(request.port));
    decision.entry = denied.entry->key;
    decision.rule_line = denied.endpoint->line;
    decision.by_deny_rule = true;
    return decision;
  }
  Decision decision;
  decision.verdict = Verdict::Allow;
  decision.layer = "l4";
  decision.entry = first.entry->key;
  decision.rule_line = first.endpoint->line;
  decision.needs_l7 = needs_l7;
  decision.keep_encoded_slash = keep_slash;
  decision.reason.reserve(decision.entry.size() + request.host.size() + 24);
  decision.reason.append("entry '").append(decision.entry).append("' allows ").append(request.host);
  decision.reason.append(":").append(std::to_string(request.port));
  return decision;
}

Decision CompiledEngine::judge_addresses(const L4Request& request, const Decision& l4,
                                         const std::vector<Address>& addresses,
                                         const std::vector<Address>& node_addresses) const {
  if (l4.verdict != Verdict::Allow) return l4;
  if (addresses.empty())
    return deny("ssrf", "upstream_unreachable", "host " + request.host + " has no address");
  std::string first_reason;
  Grant first{nullptr, nullptr}, covering{nullptr, nullptr};
  // Each grant stands on its own: it is enough that one of them covers every address.
  for_each_grant(request, [&](const Grant& grant) {
    std::string reason = refuse_addresses(grant, request, addresses, node_addresses);
    if (reason.empty()) {
      covering = grant;
      return false;
    }
    if (!first.entry) {
      first = grant;
      first_reason = std::move(reason);
    }
    return true;
  });
  const Grant& named = covering.entry ? covering : first;
  Decision decision = covering.entry ? l4
                                     : deny("ssrf", "ssrf_denied",
                                            first.entry ? std::move(first_reason)
                                                        : "no endpoint of the policy covers this connection");
  if (named.entry) {
    decision.entry = named.entry->key;
    decision.rule_line = named.endpoint->line;
  }
  return decision;
}

HostMatch CompiledEngine::match_host(std::string_view host) const {
  HostMatch best = HostMatch::None;
  index_.for_each_host_match(host, [&](const Grant& grant) {
    if (grant.endpoint->host)
      best = std::max(best, grant.endpoint->is_exact() ? HostMatch::Exact : HostMatch::Wildcard);
    return best != HostMatch::Exact;
  });
  return best;
}

Result<std::shared_ptr<const Engine>> Engine::compile(const Policy& policy,
                                                      const std::vector<BinaryAlias>& aliases) {
  auto entries = TRY(compile_entries(policy, aliases));
  return std::shared_ptr<const Engine>(
      std::make_shared<CompiledEngine>(std::move(entries), collect_named(policy), policy.dns));
}

}  // namespace nemoclaw::policy
