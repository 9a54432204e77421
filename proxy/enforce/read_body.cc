#include "proxy/enforce/read_body.h"

#include "proxy/http/graphql.h"
#include "proxy/http/json_rpc.h"
#include "proxy/http/text.h"

namespace nemoclaw::enforce {

namespace {

// "" or why the body is not what its bytes look like.
std::string encoding_problem(const http::Request& request) {
  const http::Field* encoding = http::find_field(request.fields, "content-encoding");
  if (!encoding || http::equals_ignoring_case(encoding->value, "identity")) return {};
  return "it is encoded as " + quoted(encoding->value, 40) + ", which is not read";
}

Result<std::vector<http::GraphQlOperation>> parse_operations(const http::Request& request,
                                                             const policy::CanonicalTarget& target,
                                                             std::string_view body) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const policy::QueryPair& pair : target.pairs) pairs.emplace_back(pair.key, pair.value);
  const bool has_query =
      http::parse_graphql_query(pairs) || request.method == "GET" || request.method == "HEAD";
  if (has_query && !body.empty()) return make_error("a query in the target and another one in the body");
  if (has_query) return http::parse_graphql_query(pairs);
  if (std::string problem = encoding_problem(request); !problem.empty()) return make_error(problem);
  const std::string type = media_type(request);
  if (type == "application/graphql") return http::parse_graphql(body);
  if (type == "application/json") return http::parse_graphql_body(body);
  return make_error("its content type " + quoted(type, 60) +
                    " is neither application/json nor application/graphql");
}

}  // namespace

std::string media_type(const http::Request& request) {
  const http::Field* field = http::find_field(request.fields, "content-type");
  if (!field) return {};
  const std::string_view value = field->value;
  return http::lower(http::trim(value.substr(0, value.find(';'))));
}

bool reads_rpc(policy::Protocol protocol) {
  return protocol == policy::Protocol::Mcp || protocol == policy::Protocol::JsonRpc;
}

bool is_judged_by_body(policy::Protocol protocol) {
  return protocol == policy::Protocol::GraphQl || reads_rpc(protocol);
}

policy::GraphQlRequest read_graphql(const http::Request& request, const policy::CanonicalTarget& target,
                                    std::string_view body) {
  policy::GraphQlRequest read;
  auto operations = parse_operations(request, target, body);
  if (!operations) {
    read.error = operations.error().message;
    return read;
  }
  for (http::GraphQlOperation& each : *operations)
    read.operations.push_back({std::move(each.type), std::move(each.name), std::move(each.fields)});
  return read;
}

policy::RpcRequest read_rpc(const http::Request& request, std::string_view body) {
  policy::RpcRequest read;
  if (body.empty()) {
    read.receive_stream = request.method == "GET";
    return read;
  }
  if (std::string problem = encoding_problem(request); !problem.empty()) {
    read.error = std::move(problem);
    return read;
  }
  if (const std::string type = media_type(request); type != "application/json") {
    read.error = "its content type " + quoted(type, 60) + " is not application/json";
    return read;
  }
  auto calls = http::parse_json_rpc(body);
  if (!calls) {
    read.error = calls.error().message;
    return read;
  }
  for (http::RpcCall& call : *calls)
    read.frames.push_back({std::move(call.method), std::move(call.tool), call.has_response});
  return read;
}

}  // namespace nemoclaw::enforce
