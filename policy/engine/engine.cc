#include "policy/engine/engine.h"

#include <algorithm>
#include <set>

#include "policy/engine/compiled.h"
#include "policy/model/conflict.h"

namespace nemoclaw::policy {
namespace {

class CompiledEngine final : public Engine {
 public:
  CompiledEngine(std::vector<CompiledEntry> entries, std::vector<std::string> named)
      : entries_(std::move(entries)), named_(std::move(named)) {}

  Decision decide_l4(const L4Request& request) const override;
  Decision judge_addresses(const L4Request& request, const Decision& l4,
                           const std::vector<Address>& addresses,
                           const std::vector<Address>& node_addresses) const override;
  std::vector<std::string> named_binaries() const override { return named_; }

 private:
  std::vector<Grant> grants(const L4Request& request) const;

  std::vector<CompiledEntry> entries_;
  std::vector<std::string> named_;
};

Decision deny(const char* layer, std::string code, std::string reason) {
  Decision decision;
  decision.layer = layer;
  decision.code = std::move(code);
  decision.reason = std::move(reason);
  return decision;
}

// One entry must match on both sides: an endpoint of one and a binary of another do not add up.
std::vector<Grant> CompiledEngine::grants(const L4Request& request) const {
  std::vector<Grant> found;
  for (const CompiledEntry& entry : entries_) {
    bool binary_known = false;
    for (const CompiledEndpoint& endpoint : entry.endpoints) {
      if (!endpoint.has_port(request.port) || !endpoint.matches_host(request.host)) continue;
      if (!binary_known && entry.match_binary(request.caller) != BinaryMatch::Yes) break;
      binary_known = true;
      found.push_back({&entry, &endpoint});
    }
  }
  return found;
}

Decision CompiledEngine::decide_l4(const L4Request& request) const {
  const Caller& caller = request.caller;
  if (!caller.identity_error.empty()) {
    return deny("identity", caller.identity_code.empty() ? "policy_denied" : caller.identity_code,
                "the calling process could not be identified: " + caller.identity_error);
  }
  const auto found = grants(request);
  if (found.empty()) return explain_denial(entries_, request);
  Decision decision;
  decision.verdict = Verdict::Allow;
  decision.layer = "l4";
  decision.entry = found.front().entry->key;  // entries are sorted by key
  decision.rule_line = found.front().endpoint->line;
  decision.reason =
      "entry '" + decision.entry + "' allows " + request.host + ":" + std::to_string(request.port);
  // A plain entry beside one with rules does not switch inspection off.
  decision.needs_l7 =
      std::any_of(found.begin(), found.end(), [](const Grant& grant) { return grant.endpoint->needs_l7; });
  return decision;
}

Decision CompiledEngine::judge_addresses(const L4Request& request, const Decision& l4,
                                         const std::vector<Address>& addresses,
                                         const std::vector<Address>& node_addresses) const {
  if (l4.verdict != Verdict::Allow) return l4;
  if (addresses.empty())
    return deny("ssrf", "upstream_unreachable", "host " + request.host + " has no address");
  std::string first_reason;
  const Grant* first = nullptr;
  const auto found = grants(request);
  // Each grant stands on its own: it is enough that one of them covers every address.
  for (const Grant& grant : found) {
    std::string reason = refuse_addresses(grant, request, addresses, node_addresses);
    if (reason.empty()) {
      Decision decision = l4;
      decision.entry = grant.entry->key;
      decision.rule_line = grant.endpoint->line;
      return decision;
    }
    if (!first) {
      first = &grant;
      first_reason = std::move(reason);
    }
  }
  Decision decision =
      deny("ssrf", "ssrf_denied",
           first ? std::move(first_reason) : "no endpoint of the policy covers this connection");
  if (first) {
    decision.entry = first->entry->key;
    decision.rule_line = first->endpoint->line;
  }
  return decision;
}

bool is_judged_per_request(Protocol protocol) {
  return protocol != Protocol::L4 && protocol != Protocol::Tcp;
}

Result<CompiledEndpoint> compile_endpoint(const Endpoint& endpoint) {
  CompiledEndpoint compiled;
  compiled.line = endpoint.at.line;
  compiled.needs_l7 = is_judged_per_request(endpoint.protocol);
  compiled.ports = endpoint.ports;
  std::sort(compiled.ports.begin(), compiled.ports.end());
  if (!endpoint.host.empty()) compiled.host = TRY(HostPattern::parse(endpoint.host));
  for (const std::string& text : endpoint.allowed_ips) {
    const auto cidr = parse_cidr(text);
    if (!cidr) return make_error("allowed_ips: " + quoted(text) + " is no address or range");
    compiled.allowed_ips.push_back(*cidr);
  }
  if (!compiled.host && compiled.allowed_ips.empty())
    return make_error("an endpoint without a host and without allowed_ips would reach everything");
  return compiled;
}

Result<CompiledEntry> compile_entry(const NetworkEntry& entry, const std::vector<BinaryAlias>& aliases) {
  CompiledEntry compiled;
  compiled.key = entry.key;
  for (const Endpoint& endpoint : entry.endpoints) {
    compiled.endpoints.push_back(
        TRY_CONTEXT(compile_endpoint(endpoint),
                    "network_policies: entry '" + entry.key + "', line " + std::to_string(endpoint.at.line)));
  }
  if (!entry.binaries) return compiled;
  compiled.binaries.emplace();
  for (const Binary& binary : *entry.binaries) compiled.binaries->emplace_back(binary, aliases);
  return compiled;
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

bool CompiledEndpoint::has_port(uint16_t port) const {
  return std::binary_search(ports.begin(), ports.end(), port);
}

BinaryMatch CompiledEntry::match_binary(const Caller& caller) const {
  if (!binaries) return BinaryMatch::Yes;
  BinaryMatch best = BinaryMatch::No;
  for (const BinaryMatcher& matcher : *binaries) {
    const BinaryMatch match = matcher.match(caller);
    if (match == BinaryMatch::Yes) return match;
    if (match != BinaryMatch::No) best = match;
  }
  return best;
}

Result<std::shared_ptr<const Engine>> Engine::compile(const Policy& policy,
                                                      const std::vector<BinaryAlias>& aliases) {
  if (const auto conflict = find_conflict(policy.network)) {
    return make_error("network_policies: endpoints of '" + conflict->first_entry->key + "' (line " +
                      std::to_string(conflict->first->at.line) + ") and '" + conflict->second_entry->key +
                      "' (line " + std::to_string(conflict->second->at.line) + ") overlap and disagree on '" +
                      conflict->what + "'");
  }
  std::vector<CompiledEntry> entries;
  for (const NetworkEntry& entry : policy.network) entries.push_back(TRY(compile_entry(entry, aliases)));
  std::sort(entries.begin(), entries.end(),
            [](const CompiledEntry& a, const CompiledEntry& b) { return a.key < b.key; });
  return std::shared_ptr<const Engine>(
      std::make_shared<CompiledEngine>(std::move(entries), collect_named(policy)));
}

}  // namespace nemoclaw::policy
