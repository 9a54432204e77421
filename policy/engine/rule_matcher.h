// One rule or deny rule of an endpoint, compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/request.h"
#include "policy/engine/shared_texts.h"
#include "policy/model/coverage.h"
#include "policy/model/policy.h"

namespace nemoclaw::policy {

// GraphQL: read-only is queries, read-write mutations too, full everything.
bool access_covers(Access access, const GraphQlOperation& operation);

// The part of a rule that does not fit, of those before it all do.
enum class Misfit : uint8_t { None, Type, Name, Fields, Method, Tool };

class RuleMatcher {
 public:
  RuleMatcher(const Rule& rule, bool deny, SharedTexts& texts);

  bool fits_method(std::string_view method) const { return method_covers(*method_, method); }
  bool fits_path(std::string_view path) const { return !path_ || path_->matches(path); }
  // Every named key is there; an allow rule wants every value of it to match, a deny rule any.
  bool fits_query(const std::vector<QueryPair>& query) const { return !misfit_key(query); }
  // The first key that does not fit.
  std::optional<std::string_view> misfit_key(const std::vector<QueryPair>& query) const;
  Misfit misfit(const GraphQlOperation& operation) const;
  Misfit misfit(const RpcFrame& frame) const;
  bool fits(const GraphQlOperation& operation) const { return misfit(operation) == Misfit::None; }
  bool fits(const RpcFrame& frame) const { return misfit(frame) == Misfit::None; }

  bool names_tool() const { return more_ && more_->tool; }
  uint32_t line() const { return line_; }
  std::string describe() const;  // "GET /v1/items/*", "mutation AddNote", "tools/call search_docs"

 private:
  struct QueryMatcher {
    const std::string* key;
    std::vector<const Glob*> any;
  };

  // What most rules do not ask for: kept apart, because a policy may have thousands of them. Absent: not
  // asked for.
  struct More {
    const Glob* rpc_method = nullptr;
    const Glob* operation_name = nullptr;
    const Glob* tool = nullptr;
    const std::string* operation_type = nullptr;
    std::vector<const Glob*> fields;
    std::vector<QueryMatcher> query;

    bool fits_fields(const std::vector<std::string>& asked, bool deny) const;
  };

  bool deny_;
  uint32_t line_;
  const std::string* method_;  // as written; "" is not asked for
  const Glob* path_;           // absent: not asked for
  std::unique_ptr<const More> more_;
};

}  // namespace nemoclaw::policy
