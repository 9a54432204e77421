// The request target's one canonical form: what is judged, audited and forwarded (egress.md, section 6).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::policy {

// Decoded once; '+' is a space. Split at the first '=' of what stands between two '&'; ';' separates nothing.
struct QueryPair {
  std::string key, value;
  friend bool operator==(const QueryPair&, const QueryPair&) = default;
};

struct CanonicalTarget {
  std::string authority;             // absolute form: what stood there, for the caller to compare with Host
  std::string path;                  // "/a/b"; never empty
  std::optional<std::string> query;  // byte for byte, without '?'
  std::vector<QueryPair> pairs;

  // Origin form, as it is forwarded. Canonicalising it again gives the same.
  std::string text() const { return query ? path + "?" + *query : path; }
};

struct TargetOutcome {
  std::optional<CanonicalTarget> target;  // absent: refused
  int status = 0;                         // 400, or 414 when it is too long
  std::string reason;
};

// `target`: origin form, or absolute form with http or https. `keep_encoded_slash`: keep %2F within a segment
// instead of refusing it; dot segments hidden behind it are refused all the same.
TargetOutcome canonicalise_target(std::string_view target, bool keep_encoded_slash);

}  // namespace nemoclaw::policy
