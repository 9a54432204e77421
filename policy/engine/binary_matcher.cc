#include "policy/engine/binary_matcher.h"

namespace nemoclaw::policy {
namespace {

std::string resolve(const std::string& named, const std::vector<BinaryAlias>& aliases) {
  for (const BinaryAlias& alias : aliases)
    if (alias.named == named) return alias.resolved;
  return {};
}

}  // namespace

BinaryMatcher::BinaryMatcher(const Binary& binary, const std::vector<BinaryAlias>& aliases)
    : path_(binary.path),
      resolved_(resolve(binary.path, aliases)),
      sha256_(binary.sha256),
      script_(binary.script) {
  if (binary.via.empty()) return;
  via_.emplace(binary.via);
  via_resolved_ = resolve(binary.via, aliases);
}

bool BinaryMatcher::path_fits(std::string_view path) const {
  return path_.matches(path) || (!resolved_.empty() && path == resolved_);
}

bool BinaryMatcher::via_fits(const Caller& caller) const {
  if (!via_) return true;
  for (const std::string& ancestor : caller.ancestors)
    if (via_->matches(ancestor) || (!via_resolved_.empty() && ancestor == via_resolved_)) return true;
  return false;
}

// The executable itself, then its ancestors; a script only by its own path. The first that satisfies
// everything decides; otherwise the answer says what was missing where the path did fit.
BinaryMatch BinaryMatcher::match(const Caller& caller) const {
  BinaryMatch best = BinaryMatch::No;
  const auto judge = [&](std::string_view path, std::string_view digest) {
    if (path.empty() || !path_fits(path)) return false;
    // A pin that cannot be checked is not satisfied.
    if (!sha256_.empty() && digest != sha256_)
      best = BinaryMatch::WrongDigest;
    else if (!via_fits(caller))
      best = BinaryMatch::MissingVia;
    else
      return true;
    return false;
  };
  // The digest that is known is the interpreter's, not the script's.
  if (script_) return judge(caller.script, {}) ? BinaryMatch::Yes : best;
  if (judge(caller.binary, caller.binary_sha256)) return BinaryMatch::Yes;
  for (size_t i = 0; i < caller.ancestors.size(); ++i) {
    const bool known = i < caller.ancestor_sha256.size();
    if (judge(caller.ancestors[i], known ? std::string_view(caller.ancestor_sha256[i]) : std::string_view()))
      return BinaryMatch::Yes;
  }
  return best;
}

}  // namespace nemoclaw::policy
