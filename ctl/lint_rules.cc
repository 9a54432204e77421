#include <algorithm>

#include "ctl/lint.h"
#include "policy/model/coverage.h"
#include "policy/model/host.h"
#include "policy/model/words.h"
#include "policy/parse/full_schema_network.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

using policy::Endpoint;
using policy::is_every_path;
using policy::NetworkEntry;
using policy::Rule;
using policy::share_port;

bool covers_hosts(const Endpoint& wide, const Endpoint& narrow) {
  if (wide.host == narrow.host) return true;
  const auto pattern = policy::HostPattern::parse(wide.host);
  const auto host = policy::HostPattern::parse(narrow.host);
  return pattern && host && host->is_exact() && pattern->matches(host->text());
}

bool hosts_overlap(const Endpoint& a, const Endpoint& b) {
  const auto first = policy::HostPattern::parse(a.host), second = policy::HostPattern::parse(b.host);
  return !first || !second || first->overlaps(*second);  // without a host: the address decides
}

std::string_view literal_prefix(std::string_view glob) { return glob.substr(0, glob.find_first_of("*?[{")); }

// Never no when some path matches both: their texts differ before the first sign of a pattern, or not.
bool paths_may_meet(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || is_every_path(a) || is_every_path(b)) return true;
  const std::string_view first = literal_prefix(a), second = literal_prefix(b);
  if (first.size() == a.size() && second.size() == b.size()) return a == b;
  if (first.size() == a.size()) return a.starts_with(second);
  if (second.size() == b.size()) return b.starts_with(first);
  return first.starts_with(second) || second.starts_with(first);
}

bool methods_meet(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == "*" || b == "*" || a == b) return true;
  return (a == "GET" && b == "HEAD") || (a == "HEAD" && b == "GET");
}

bool access_allows(policy::Access access, std::string_view method) {
  if (access == policy::Access::None) return false;
  if (access == policy::Access::Full || method == "*" || method.empty()) return true;
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"};
  const size_t count = access == policy::Access::ReadOnly ? 3 : 6;
  return std::find(kMethods, kMethods + count, method) != kMethods + count;
}

bool reaches(const Endpoint& endpoint, const Rule& denied) {
  if (!policy::is_inspected(endpoint.protocol) || endpoint.mcp_known_methods ||
      access_allows(endpoint.access, denied.method))
    return true;
  return std::any_of(endpoint.rules.begin(), endpoint.rules.end(), [&](const Rule& rule) {
    return methods_meet(rule.method, denied.method) && paths_may_meet(rule.path, denied.path);
  });
}

void lint_deny_rules(const LintInput& input, const Endpoint& endpoint, Findings& findings) {
  for (const Rule& denied : endpoint.deny_rules) {
    bool reached = false;
    for (const NetworkEntry& entry : input.policy.network)
      for (const Endpoint& other : entry.endpoints)
        reached = reached ||
                  (share_port(endpoint, other) && hosts_overlap(endpoint, other) && reaches(other, denied));
    if (!reached)
      findings.add(
          "L0108", denied.at,
          "no allow rule reaches what this rule denies (" + quoted(denied.method + " " + denied.path) + ")",
          "remove it, or correct its method and path");
  }
}

bool lists_path(const std::vector<Rule>& rules, std::string_view path) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return rule.path == path || is_every_path(rule.path); });
}

// "/x/**" is everything below /x, but not /x.
void lint_globs(const std::vector<Rule>& rules, Findings& findings) {
  constexpr std::string_view kBelow = "/**";
  for (const Rule& rule : rules) {
    if (!rule.path.ends_with(kBelow) || is_every_path(rule.path)) continue;
    const std::string parent = rule.path.substr(0, rule.path.size() - kBelow.size());
    if (parent.empty() || lists_path(rules, parent)) continue;
    findings.add("L0107", rule.at,
                 rule.deny ? "THIS DENY RULE HAS A HOLE: " + quoted(rule.path) + " does not match " +
                                 quoted(parent) + " itself, which stays allowed if another rule allows it"
                           : quoted(rule.path) + " does not match " + quoted(parent) + " itself",
                 "add a rule for " + quoted(parent) + " if it is meant as well");
  }
}

void lint_everything(const Endpoint& endpoint, Findings& findings) {
  if (endpoint.access == policy::Access::Full)
    findings.add("L0104", endpoint.at, "'access: full' allows every method on every path",
                 "write 'access: read-only', or rules with the methods and paths that are needed");
  for (const Rule& rule : endpoint.rules)
    if (policy::covers_everything(rule))
      findings.add("L0104", rule.at, "method '*' on " + quoted(rule.path) + " allows everything",
                   "name the methods and paths that are needed");
}

// What an endpoint says apart from where it leads.
std::string terms_of(const Endpoint& endpoint) {
  json::Value value = policy::endpoint_value(endpoint);
  json::Writer writer;
  writer.begin_array();
  for (const auto& [key, member] : value.object)
    if (key != "host" && key != "port" && key != "ports") writer.value(key).value(member);
  return writer.end_array().take();
}

bool covers(const Endpoint& wide, const Endpoint& narrow) {
  return narrow.deny_rules.empty() && covers_hosts(wide, narrow) && terms_of(wide) == terms_of(narrow) &&
         std::includes(wide.ports.begin(), wide.ports.end(), narrow.ports.begin(), narrow.ports.end());
}

std::string text_of(const policy::Binary& binary) {
  return json::Writer().value(policy::binary_value(binary)).take();
}

bool covers(const NetworkEntry& wide, const NetworkEntry& narrow) {
  if (wide.binaries && !narrow.binaries) return false;
  if (wide.binaries) {
    for (const policy::Binary& binary : *narrow.binaries)
      if (std::none_of(wide.binaries->begin(), wide.binaries->end(),
                       [&](const policy::Binary& other) { return text_of(other) == text_of(binary); }))
        return false;
  }
  return std::all_of(narrow.endpoints.begin(), narrow.endpoints.end(), [&](const Endpoint& endpoint) {
    return std::any_of(wide.endpoints.begin(), wide.endpoints.end(),
                       [&](const Endpoint& other) { return covers(other, endpoint); });
  });
}

void lint_shadows(const LintInput& input, Findings& findings) {
  const auto& entries = input.policy.network;
  for (size_t i = 0; i < entries.size(); ++i) {
    for (size_t j = 0; j < entries.size(); ++j) {
      // Of two that say the same, the second is the one too many.
      if (i == j || !covers(entries[j], entries[i]) || (i < j && covers(entries[i], entries[j]))) continue;
      findings.add("L0109", entries[i].at,
                   "entry " + quoted(entries[i].key, 64) + " adds nothing to entry " +
                       quoted(entries[j].key, 64) + " on line " + std::to_string(entries[j].at.line),
                   "remove it, or narrow the other");
      break;
    }
  }
}

}  // namespace

void lint_rules(const LintInput& input, Findings& findings) {
  for (const NetworkEntry& entry : input.policy.network) {
    for (const Endpoint& endpoint : entry.endpoints) {
      lint_everything(endpoint, findings);
      lint_globs(endpoint.rules, findings);
      lint_globs(endpoint.deny_rules, findings);
      lint_deny_rules(input, endpoint, findings);
    }
  }
  lint_shadows(input, findings);
}

}  // namespace nemoclaw::ctl
