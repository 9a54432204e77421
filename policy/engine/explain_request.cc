// The allow rule that came nearest to a request, and what is missing.
#include <algorithm>

#include "policy/engine/compiled_engine.h"
#include "policy/model/words.h"

namespace nemoclaw::policy {
namespace {

struct Nearness {
  int rank = 0;  // how many parts of the rule fit, as far as they are looked at; 0: nothing to speak of
  std::string missing;
};

// The rule fits, but stands in an endpoint that does not judge this path.
const std::string kElsewhere = "an endpoint of the entry with a closer path decides";

Nearness of_request(const RuleMatcher& rule, const Question& asked) {
  const bool method = rule.fits_method(asked.method), path = rule.fits_path(asked.request.path);
  if (method && path) {
    const auto key = rule.misfit_key(asked.request.query);
    return {3, key ? "the query's key " + quoted(*key, 64) + " does not match" : kElsewhere};
  }
  if (path) return {2, "the method does not match"};
  return method ? Nearness{1, "the path does not match"} : Nearness();
}

Nearness of_misfit(Misfit misfit) {
  switch (misfit) {
    case Misfit::Type:
      return {1, "the operation's type does not match"};
    case Misfit::Name:
      return {2, "the operation's name does not match"};
    case Misfit::Fields:
      return {3, "not all of the operation's fields are listed"};
    case Misfit::Method:
      return {1, "the method does not match"};
    case Misfit::Tool:
      return {2, "the tool does not match"};
    case Misfit::None:
      return {3, kElsewhere};
  }
  return {};
}

Nearness nearness(const RuleMatcher& rule, Protocol protocol, const Question& asked) {
  switch (protocol) {
    case Protocol::GraphQl:
      return asked.operation ? of_misfit(rule.misfit(*asked.operation)) : Nearness();
    case Protocol::Mcp:
    case Protocol::JsonRpc:
      return asked.frame ? of_misfit(rule.misfit(*asked.frame)) : Nearness();
    default:
      return of_request(rule, asked);
  }
}

}  // namespace

void explain_request(std::span<const Grant> grants, const Question& asked, Decision& decision) {
  int best = 0;
  for (const Grant& grant : grants) {
    const CompiledEndpoint& endpoint = *grant.endpoint;
    const std::string start = "entry '" + grant.entry->key + "' (line ";
    if (endpoint.access != Access::None && best < 2) {
      best = 2;
      decision.nearest = start + std::to_string(endpoint.line) + ") has access: " + word(endpoint.access) +
                         ", which does not cover it";
    }
    for (size_t i = 0; i < endpoint.allow().size(); ++i) {
      const RuleMatcher& rule = endpoint.allow()[i];
      const Nearness near = nearness(rule, endpoint.protocol, asked);
      if (near.rank <= best) continue;
      best = near.rank;
      decision.nearest = start + std::to_string(rule.line()) + ", rule " + std::to_string(i) + ") allows " +
                         rule.describe() + "; " + near.missing;
    }
  }
}

std::string CompiledEngine::covered_path(const L4Request& request) const {
  Ordinal first = kNoOrdinal;
  for_each_slot(request, [&](const Slot& slot) {
    for (Ordinal each : slot.inspected) first = std::min(first, each);
  });
  if (first == kNoOrdinal) return {};
  const Grant& grant = index_.grant(first);
  if (!grant.endpoint->path) return {};
  return "entry '" + grant.entry->key + "' (line " + std::to_string(grant.endpoint->line) + ") covers " +
         std::string(grant.endpoint->path->text()) + "; the path does not match";
}

}  // namespace nemoclaw::policy
