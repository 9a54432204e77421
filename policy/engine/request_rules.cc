#include "policy/engine/request_rules.h"

#include <algorithm>
#include <tuple>

#include "policy/model/coverage.h"

namespace nemoclaw::policy {
namespace {

// How closely an endpoint's path describes the request: none, a glob by its literal bytes, an exact path.
std::tuple<bool, size_t, size_t> specificity(const CompiledEndpoint& endpoint) {
  if (!endpoint.path) return {false, 0, 0};
  return {endpoint.path->is_exact(), endpoint.path->literal_prefix().size(), endpoint.path->text().size()};
}

bool access_fits(const CompiledEndpoint& endpoint, const Question& asked) {
  const auto frame_fits = [&] {
    if (endpoint.access == Access::Full) return true;
    if (endpoint.protocol != Protocol::Mcp) return false;  // the name of a method does not tell what it does
    if (endpoint.mcp_known_methods && is_known_mcp_method(asked.frame->method))
      return asked.frame->method != "tools/call" || !endpoint.names_tools;
    if (endpoint.access == Access::None || !is_known_mcp_method(asked.frame->method)) return false;
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

std::optional<Found> find_rule(const Grant& grant, std::span<const RuleMatcher> rules,
                               const Question& asked) {
  for (size_t i = 0; i < rules.size(); ++i)
    if (asked.fits(rules[i], grant.endpoint->protocol))
      return Found{&grant, static_cast<int32_t>(i), rules[i].line()};
  return std::nullopt;
}

std::optional<Found> find_allow(const Grant& grant, const Question& asked) {
  if (access_fits(*grant.endpoint, asked)) return Found{&grant, -1, grant.endpoint->line};
  return find_rule(grant, grant.endpoint->allow(), asked);
}

}  // namespace

bool Question::fits(const RuleMatcher& rule, Protocol protocol) const {
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

const Grant& most_specific(std::span<const Grant> grants) {
  return *std::max_element(grants.begin(), grants.end(), [](const Grant& a, const Grant& b) {
    return specificity(*a.endpoint) < specificity(*b.endpoint);
  });
}

std::optional<Found> find_allow(std::span<const Grant> grants, Protocol protocol, const Question& asked) {
  while (!grants.empty()) {
    const auto end = std::find_if(grants.begin(), grants.end(),
                                  [&](const Grant& grant) { return grant.entry != grants[0].entry; });
    const auto of_entry = grants.first(static_cast<size_t>(end - grants.begin()));
    grants = grants.subspan(of_entry.size());
    const auto closest = specificity(*most_specific(of_entry).endpoint);
    for (const Grant& grant : of_entry) {
      if (grant.endpoint->protocol != protocol || specificity(*grant.endpoint) != closest) continue;
      if (auto found = find_allow(grant, asked)) return found;
    }
  }
  return std::nullopt;
}

std::optional<Found> find_deny(std::span<const Grant> grants, const Question& asked) {
  for (const Grant& grant : grants)
    if (auto found = find_rule(grant, grant.endpoint->deny(), asked)) return found;
  return std::nullopt;
}

}  // namespace nemoclaw::policy
