#include "policy/engine/engine.h"

#include <algorithm>

#include "policy/engine/bounded_engine.h"
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

}  // namespace

Decision CompiledEngine::decide_l4(const L4Request& request) const {
  const Caller& caller = request.caller;
  if (!caller.identity_error.empty()) {
    // With a code, the process was found and the text says what is wrong with it.
    if (!caller.identity_code.empty()) return deny("identity", caller.identity_code, caller.identity_error);
    return deny("identity", "policy_denied",
                "the calling process could not be identified: " + caller.identity_error);
  }
  const Slot* first = nullptr;
  Ordinal denying = kNoOrdinal;
  bool needs_l7 = false, keep_slash = false;
  for_each_slot(request, [&](const Slot& slot) {
    if (!first || slot.first < first->first) first = &slot;
    denying = std::min(denying, slot.denying);
    // A plain entry beside one with rules does not switch inspection off.
    needs_l7 = needs_l7 || slot.needs_l7;
    keep_slash = keep_slash || slot.keep_encoded_slash;
  });
  if (!first) return explain_denial(request);
  if (denying != kNoOrdinal) {
    const Grant& denied = index_.grant(denying);
    Decision decision = deny("l4", "policy_denied",
                             "entry '" + denied.entry->key + "' denies every request to " + request.host +
                                 ":" + std::to_string(request.port));
    decision.entry = denied.entry->key;
    decision.rule_line = denied.endpoint->line;
    decision.by_deny_rule = true;
    return decision;
  }
  const Grant& grant = index_.grant(first->first);
  Decision decision;
  decision.verdict = Verdict::Allow;
  decision.layer = "l4";
  decision.entry = grant.entry->key;
  decision.rule_line = grant.endpoint->line;
  decision.needs_l7 = needs_l7;
  decision.has_credentials = std::any_of(credentials_.begin(), credentials_.end(), [&](const auto& binding) {
    return binding.is_for(request.host, request.port);
  });
  decision.keep_encoded_slash = keep_slash;
  decision.reason = allowed_reason;
  return decision;
}

Decision CompiledEngine::judge_addresses(const L4Request& request, const Decision& l4,
                                         const std::vector<Address>& addresses,
                                         const std::vector<Address>& node_addresses) const {
  if (l4.verdict != Verdict::Allow) return l4;
  if (addresses.empty())
    return deny("ssrf", "upstream_unreachable", "host " + request.host + " has no address");
  SmallList<Ordinal, 16> candidates;
  for_each_slot(request, [&](const Slot& slot) {
    candidates.push_back(slot.first);
    for (Ordinal each : slot.addresses) candidates.push_back(each);
  });
  std::string first_reason;
  Grant first{nullptr, nullptr}, covering{nullptr, nullptr};
  // Each grant stands on its own: it is enough that one of them covers every address.
  for (Ordinal each : candidates.sort()) {
    const Grant& grant = index_.grant(each);
    std::string reason = refuse_addresses(grant, request, addresses, node_addresses);
    if (reason.empty()) {
      covering = grant;
      break;
    }
    if (first.entry) continue;
    first = grant;
    first_reason = std::move(reason);
  }
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
  index_.for_each_group(host, [&](const HostGroup& group) {
    if (group.pattern)
      best = std::max(best, group.pattern->is_exact() ? HostMatch::Exact : HostMatch::Wildcard);
  });
  return best;
}

Result<std::shared_ptr<const Engine>> Engine::compile(const Policy& policy,
                                                      const std::vector<BinaryAlias>& aliases) {
  BinarySets binaries;
  SharedTexts texts;
  auto entries = TRY(compile_entries(policy, aliases, binaries, texts));
  std::shared_ptr<const Engine> engine =
      std::make_shared<CompiledEngine>(std::move(entries), std::move(binaries), std::move(texts), policy.dns,
                                       TRY(bind_credentials(policy.credentials)));
  if (!policy.ceiling) return engine;
  const Policy& ceiling = policy.ceiling->policy;
  auto bound = TRY_CONTEXT(Engine::compile(ceiling, aliases), "ceiling " + quoted(ceiling.name));
  return std::shared_ptr<const Engine>(
      std::make_shared<BoundedEngine>(std::move(engine), std::move(bound), ceiling.name));
}

}  // namespace nemoclaw::policy
