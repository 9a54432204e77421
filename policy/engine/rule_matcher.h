// One rule or deny rule of an endpoint, compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/path_patterns.h"
#include "policy/engine/request.h"
#include "policy/model/policy.h"

namespace nemoclaw::policy {

// Does `expected` of a rule cover this method? Case does not matter; GET covers HEAD; "*" is any.
bool method_matches(std::string_view expected, std::string_view method);

// Methods that the access presets open: rest and websocket.
bool access_covers(Access access, std::string_view method);
// GraphQL: read-only is queries, read-write mutations too, full everything.
bool access_covers(Access access, const GraphQlOperation& operation);

class RuleMatcher {
 public:
  RuleMatcher(const Rule& rule, bool deny, PathPatterns& paths);

  bool fits_method(std::string_view method) const { return method_matches(method_, method); }
  bool fits_path(std::string_view path) const { return !path_ || path_->matches(path); }
  // Every named key is there; an allow rule wants every value of it to match, a deny rule any.
  bool fits_query(const std::vector<QueryPair>& query) const;
  bool fits(const GraphQlOperation& operation) const;
  bool fits(const RpcFrame& frame) const;

  bool names_tool() const { return more_ && more_->tool; }
  uint32_t line() const { return line_; }
  std::string describe() const;  // "GET /v1/items/*", "mutation AddNote", "tools/call search_docs"

 private:
  struct QueryMatcher {
    std::string key;
    std::vector<Glob> any;
  };

  // What most rules do not ask for: kept apart, because a policy may have thousands of them.
  struct More {
    std::optional<Glob> rpc_method;
    std::vector<QueryMatcher> query;
    std::string operation_type;
    std::optional<Glob> operation_name;
    std::vector<Glob> fields;
    std::optional<Glob> tool;

    bool fits_fields(const std::vector<std::string>& asked, bool deny) const;
  };

  bool deny_;
  uint32_t line_;
  std::string method_;  // upper case; empty: not asked for
  const Glob* path_;    // absent: not asked for
  std::unique_ptr<More> more_;
};

}  // namespace nemoclaw::policy
