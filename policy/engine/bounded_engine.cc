#include "policy/engine/bounded_engine.h"

#include <algorithm>

#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

void lower(std::optional<uint64_t>& limit, const std::optional<uint64_t>& bound) {
  if (bound) limit = limit ? std::min(*limit, *bound) : *bound;
}

RateLimits lower_of(RateLimits limits, const RateLimits& bound) {
  lower(limits.requests_per_minute, bound.requests_per_minute);
  lower(limits.bytes_out_per_hour, bound.bytes_out_per_hour);
  lower(limits.body_bytes_max, bound.body_bytes_max);
  return limits;
}

}  // namespace

Decision BoundedEngine::both(Decision own, const Decision& bound) const {
  if (own.verdict != Verdict::Allow) return own;
  if (bound.verdict == Verdict::Allow) {
    own.needs_l7 = own.needs_l7 || bound.needs_l7;
    // Each engine refuses what its own endpoint does not keep.
    own.keep_encoded_slash = own.keep_encoded_slash || bound.keep_encoded_slash;
    own.limits = lower_of(own.limits, bound.limits);
    if (own.layer != bound.layer && bound.layer == "l7") own.layer = bound.layer;
    if (own.would_deny || !bound.would_deny) return own;
  }
  // Lines are of another file there: they stand in the text, and entry and rule_line say what was cut.
  own.verdict = bound.verdict;
  own.would_deny = bound.would_deny;
  own.layer = bound.layer;
  own.code = bound.code;
  own.reason = "the node's ceiling " + quoted(name_) + ": " + bound.reason;
  own.nearest = bound.nearest.empty() ? std::string() : "in the ceiling: " + bound.nearest;
  return own;
}

Decision BoundedEngine::decide_l4(const L4Request& request) const {
  return both(policy_->decide_l4(request), ceiling_->decide_l4(request));
}

Decision BoundedEngine::decide_l7(const L7Request& request) const {
  return both(policy_->decide_l7(request), ceiling_->decide_l7(request));
}

// The policy's own reading; the ceiling's where the policy would not look. Where both look and read
// differently, the ceiling denies what it cannot judge.
std::optional<L7Plan> BoundedEngine::plan_l7(const L4Request& request, std::string_view path) const {
  std::optional<L7Plan> own = policy_->plan_l7(request, path), bound = ceiling_->plan_l7(request, path);
  if (!own) return bound;
  if (!bound) return own;
  own->limits = lower_of(own->limits, bound->limits);
  // Audit forwards what rules deny: only where both only record.
  if (bound->enforcement == Enforcement::Enforce) own->enforcement = Enforcement::Enforce;
  return own;
}

Decision BoundedEngine::judge_addresses(const L4Request& request, const Decision& l4,
                                        const std::vector<Address>& addresses,
                                        const std::vector<Address>& node_addresses) const {
  Decision own = policy_->judge_addresses(request, l4, addresses, node_addresses);
  if (own.verdict != Verdict::Allow) return own;
  return both(std::move(own),
              ceiling_->judge_addresses(request, ceiling_->decide_l4(request), addresses, node_addresses));
}

std::vector<std::string> BoundedEngine::named_binaries() const {
  std::vector<std::string> names = policy_->named_binaries();
  for (std::string& name : ceiling_->named_binaries()) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace nemoclaw::policy
