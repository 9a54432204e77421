// The allow rule that came nearest to a request, and what is missing.
#include "policy/engine/compiled_engine.h"
#include "policy/model/words.h"

namespace nemoclaw::policy {
namespace {

// How much of a REST rule fits: 3 all but the query, 2 the path, 1 the method.
int nearness(const RuleMatcher& rule, const L7Request& request) {
  const bool method = rule.fits_method(request.method), path = rule.fits_path(request.path);
  return method && path ? 3 : path ? 2 : method ? 1 : 0;
}

const char* missing(int rank) {
  switch (rank) {
    case 3:
      return "; the query does not match";
    case 2:
      return "; the method does not match";
    default:
      return "; the path does not match";
  }
}

}  // namespace

void explain_request(std::span<const Grant> grants, const L7Request& request, Decision& decision) {
  int best = 0;
  for (const Grant& grant : grants) {
    const CompiledEndpoint& endpoint = *grant.endpoint;
    const std::string start = "entry '" + grant.entry->key + "' (line ";
    const bool by_method = endpoint.protocol == Protocol::Rest || endpoint.protocol == Protocol::WebSocket;
    if (endpoint.access != Access::None && best < 2) {
      best = 2;
      decision.nearest = start + std::to_string(endpoint.line) + ") has access: " + word(endpoint.access) +
                         ", which does not cover it";
    }
    for (size_t i = 0; i < endpoint.allow().size(); ++i) {
      const RuleMatcher& rule = endpoint.allow()[i];
      const int rank = by_method ? nearness(rule, request) : 1;
      if (rank <= best) continue;
      best = rank;
      decision.nearest = start + std::to_string(rule.line()) + ", rule " + std::to_string(i) + ") allows " +
                         rule.describe() + (by_method ? missing(rank) : "; this is something else");
    }
  }
}

}  // namespace nemoclaw::policy
