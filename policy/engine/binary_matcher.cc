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
    : path_(binary.path), script_(binary.script) {
  More more{resolve(binary.path, aliases), std::nullopt, {}, binary.sha256};
  if (!binary.via.empty()) {
    more.via.emplace(binary.via);
    more.via_resolved = resolve(binary.via, aliases);
  }
  if (more.via || !more.resolved.empty() || !more.sha256.empty())
    more_ = std::make_unique<const More>(std::move(more));
}

void BinaryMatcher::add_named(std::set<std::string>& names) const {
  if (!script_ && path_.is_exact()) names.insert(path_.text());
  if (more_ && more_->via && more_->via->is_exact()) names.insert(more_->via->text());
}

bool BinaryMatcher::path_fits(std::string_view path) const {
  return path_.matches(path) || (more_ && !more_->resolved.empty() && path == more_->resolved);
}

bool BinaryMatcher::via_fits(const Caller& caller) const {
  if (!more_ || !more_->via) return true;
  for (const std::string& ancestor : caller.ancestors)
    if (more_->via->matches(ancestor) || (!more_->via_resolved.empty() && ancestor == more_->via_resolved))
      return true;
  return false;
}

// The executable itself, then its ancestors; a script only by its own path. The first that satisfies
// everything decides; otherwise the answer says what was missing where the path did fit.
BinaryMatch BinaryMatcher::match(const Caller& caller) const {
  BinaryMatch best = BinaryMatch::No;
  const auto judge = [&](std::string_view path, std::string_view digest) {
    if (path.empty() || !path_fits(path)) return false;
    // A pin that cannot be checked is not satisfied.
    if (more_ && !more_->sha256.empty() && digest != more_->sha256)
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
