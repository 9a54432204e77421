// One item of `binaries`: does it name the calling process?
#pragma once

#include <optional>
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
  // Where text() leads in the image, if it is a link; else empty.
  const std::string& resolved() const { return resolved_; }

 private:
  bool path_fits(std::string_view path) const;
  bool via_fits(const Caller& caller) const;

  PathGlob path_;
  std::string resolved_;  // where the named link leads in the image; empty if it is none
  std::optional<PathGlob> via_;
  std::string via_resolved_;
  std::string sha256_;
  bool script_;
};

}  // namespace nemoclaw::policy
