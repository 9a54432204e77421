// Policy -> what the engine keeps.
#include <algorithm>

#include "policy/engine/compiled.h"
#include "policy/model/conflict.h"
#include "policy/model/coverage.h"
#include "policy/model/words.h"

namespace nemoclaw::policy {
namespace {

Result<CompiledEndpoint> compile_endpoint(const Endpoint& endpoint, SharedTexts& texts) {
  CompiledEndpoint compiled;
  compiled.line = endpoint.at.line;
  compiled.protocol = endpoint.protocol;
  compiled.access = endpoint.access;
  // A path is only seen by looking: such an endpoint without rules opens that path, and no other.
  if (endpoint.protocol == Protocol::L4 && !endpoint.path.empty() && endpoint.tls == Tls::Auto) {
    compiled.protocol = Protocol::Rest;
    compiled.access = Access::Full;
  }
  compiled.needs_l7 = is_inspected(compiled.protocol);
  std::vector<uint16_t> ports = endpoint.ports;
  std::sort(ports.begin(), ports.end());
  for (uint16_t port : ports) compiled.ports.push_back(port);
  if (!endpoint.host.empty()) compiled.host = TRY(HostPattern::parse(endpoint.host));
  for (const std::string& text : endpoint.allowed_ips) {
    const auto cidr = parse_cidr(text);
    if (!cidr) return make_error("allowed_ips: " + quoted(text) + " is no address or range");
    compiled.allowed_ips.push_back(*cidr);
  }
  if (!compiled.host && compiled.allowed_ips.empty())
    return make_error("an endpoint without a host and without allowed_ips would reach everything");
  compiled.path = texts.path(endpoint.path);
  compiled.enforcement = endpoint.enforcement;
  compiled.keep_encoded_slash = endpoint.allow_encoded_slash;
  compiled.mcp_known_methods = endpoint.mcp_known_methods;
  const RateLimits& limits = endpoint.limits;
  if (limits.requests_per_minute || limits.bytes_out_per_hour || limits.body_bytes_max)
    compiled.limits = std::make_unique<const RateLimits>(limits);
  compiled.rules.reserve(endpoint.rules.size() + endpoint.deny_rules.size());
  for (const Rule& rule : endpoint.rules) compiled.rules.emplace_back(rule, false, texts);
  compiled.allow_count = static_cast<uint32_t>(endpoint.rules.size());
  for (const Rule& rule : endpoint.deny_rules) compiled.rules.emplace_back(rule, true, texts);
  compiled.denies_everything =
      endpoint.path.empty() && endpoint.enforcement == Enforcement::Enforce &&
      std::any_of(endpoint.deny_rules.begin(), endpoint.deny_rules.end(), covers_everything);
  const auto allow = compiled.allow();
  compiled.names_tools =
      std::any_of(allow.begin(), allow.end(), [](const RuleMatcher& rule) { return rule.names_tool(); });
  return compiled;
}

Result<CompiledEntry> compile_entry(const NetworkEntry& entry, const std::vector<BinaryAlias>& aliases,
                                    BinarySets& binaries, SharedTexts& texts) {
  CompiledEntry compiled;
  compiled.key = entry.key;
  compiled.endpoints.reserve(entry.endpoints.size());
  for (const Endpoint& endpoint : entry.endpoints) {
    compiled.endpoints.push_back(
        TRY_CONTEXT(compile_endpoint(endpoint, texts),
                    "network_policies: entry '" + entry.key + "', line " + std::to_string(endpoint.at.line)));
  }
  compiled.binaries = binaries.add(entry.binaries, aliases);
  return compiled;
}

}  // namespace

Result<std::vector<CompiledEntry>> compile_entries(const Policy& policy,
                                                   const std::vector<BinaryAlias>& aliases,
                                                   BinarySets& binaries, SharedTexts& texts) {
  if (const auto conflict = find_conflict(policy.network)) {
    return make_error("network_policies: endpoints of '" + conflict->first_entry->key + "' (line " +
                      std::to_string(conflict->first->at.line) + ") and '" + conflict->second_entry->key +
                      "' (line " + std::to_string(conflict->second->at.line) + ") overlap and disagree on '" +
                      conflict->what + "'");
  }
  std::vector<CompiledEntry> entries;
  entries.reserve(policy.network.size());
  for (const NetworkEntry& entry : policy.network)
    entries.push_back(TRY(compile_entry(entry, aliases, binaries, texts)));
  binaries.seal();
  texts.seal();
  std::sort(entries.begin(), entries.end(),
            [](const CompiledEntry& a, const CompiledEntry& b) { return a.key < b.key; });
  return entries;
}

}  // namespace nemoclaw::policy
