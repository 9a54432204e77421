// Host names: the one canonical form that is judged, and the patterns a policy may write.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::policy {

// Host of a request -> canonical form (lower case, A-labels, one trailing dot removed, an address literal
// without brackets and in RFC 5952 form), or an error that says why. No protocol sends a name in another
// alphabet, so none is mapped here. Refuses whatever a resolver could read as another address: integers, hex,
// octal, short forms (RFC 1123, 2.1 and inet_aton(3)). Pure.
Result<std::string> normalise_host(std::string_view host);

// What an endpoint's `host` may be, in lower case and A-labels whatever was written (a_label.h): an exact
// name or address literal; `*` for one whole label, `**` as the first label for one or more, or `*` inside
// the first label. A wildcard has at least three labels and its last two are literal, so that it can match
// neither an address nor a whole top-level domain; the apex never matches.
class HostPattern {
 public:
  static Result<HostPattern> parse(std::string_view text);

  // `host` as normalise_host returns it.
  bool matches(std::string_view host) const;
  // True if some host matches both.
  bool overlaps(const HostPattern& other) const;
  // Only if every host that matches `other` matches this; false where that is not easily seen.
  bool covers(const HostPattern& other) const;
  bool is_exact() const { return exact_; }
  const std::string& text() const { return text_; }

 private:
  // Of a wildcard, without a leading "**.".
  std::string_view labels() const { return std::string_view(text_).substr(any_depth_ ? 3 : 0); }

  std::string text_;  // canonical
  bool exact_ = true;
  bool any_depth_ = false;  // starts with "**."
};

// Pattern with `*` for any run of characters (none included); linear in practice, quadratic at worst.
bool label_matches(std::string_view pattern, std::string_view label);

}  // namespace nemoclaw::policy
