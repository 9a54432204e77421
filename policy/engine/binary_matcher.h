// One item of `binaries`: does it name the calling process?
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/engine/engine.h"
#include "policy/model/path_glob.h"

namespace nemoclaw::policy {

enum class BinaryMatch : uint8_t {
  Yes,
  No,
  MissingVia,   // the path fits, the ancestor that `via` asks for is not there
  WrongDigest,  // the path fits, the digest does not, or is not known
};

class BinaryMatcher {
 public:
  BinaryMatcher(const Binary& binary, const std::vector<BinaryAlias>& aliases);

  BinaryMatch match(const Caller& caller) const;
  // As the policy writes it.
  const std::string& text() const { return path_.text(); }
  bool has_glob() const { return !path_.is_exact(); }
  // The executables that are named, without globs: the path, unless it is a script's, and the ancestor of
  // `via`.
  void add_named(std::set<std::string>& names) const;
  // Where text() leads in the image, if it is a link; else empty.
  std::string_view resolved() const { return more_ ? std::string_view(more_->resolved) : std::string_view(); }

 private:
  bool path_fits(std::string_view path) const;
  bool via_fits(const Caller& caller) const;

  // What most items do not have: kept apart, because a policy may have thousands of them.
  struct More {
    std::string resolved;  // where the named link leads in the image; empty if it is none
    std::optional<PathGlob> via;
    std::string via_resolved;
    std::string sha256;
  };

  PathGlob path_;
  std::unique_ptr<const More> more_;
  bool script_;
};

}  // namespace nemoclaw::policy
