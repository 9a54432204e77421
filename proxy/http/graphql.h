// GraphQL documents and the requests that carry them, as far as a policy asks: the type, name and root fields
// of every operation (GraphQL October 2021; "GraphQL over HTTP"). Fragments are resolved, aliases are not
// taken for names. What cannot be read to its end is an error. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::http {

struct GraphQlOperation {
  std::string type;  // "query", "mutation", "subscription"; empty: a persisted query, sent by its hash alone
  std::string name;  // empty: anonymous
  std::vector<std::string> fields;  // sorted, each once
};

// The document's operations, in its order.
Result<std::vector<GraphQlOperation>> parse_graphql(std::string_view document);

// A JSON body: {"query", "operationName", "variables", "extensions"}, or a batch of at most 50 of these.
Result<std::vector<GraphQlOperation>> parse_graphql_body(std::string_view body);
// The pairs of a GET's query.
Result<std::vector<GraphQlOperation>> parse_graphql_query(
    const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace nemoclaw::http
