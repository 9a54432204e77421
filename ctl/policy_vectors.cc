#include "ctl/policy_vectors.h"

#include <algorithm>

namespace nemoclaw::ctl {
namespace {

using json::Type;
using json::Value;

Result<void> expect_keys(const Value& object, const char* what,
                         std::initializer_list<std::string_view> known) {
  if (object.type != Type::Object) return make_error(std::string(what) + " is no object");
  for (const auto& [key, value] : object.object)
    if (std::find(known.begin(), known.end(), key) == known.end())
      return make_error(std::string(what) + " has an unknown key " + quoted(key, 64));
  return {};
}

Result<std::string> text_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (!value) return std::string();
  if (!value->is_string()) return make_error(quoted(key) + " is no string");
  return value->string;
}

Result<bool> flag_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value && value->type != Type::Boolean) return make_error(quoted(key) + " is neither true nor false");
  return value && value->boolean;
}

Result<std::vector<std::string>> texts_of(const Value& object, std::string_view key) {
  std::vector<std::string> texts;
  const Value* value = object.find(key);
  if (!value) return texts;
  if (value->type != Type::Array) return make_error(quoted(key) + " is no list");
  for (const Value& item : value->array) {
    if (!item.is_string()) return make_error(quoted(key) + " holds something that is no string");
    texts.push_back(item.string);
  }
  return texts;
}

Result<std::vector<policy::QueryPair>> read_query(const Value& object) {
  std::vector<policy::QueryPair> pairs;
  const Value* query = object.find("query");
  if (!query) return pairs;
  if (query->type != Type::Object) return make_error("'query' is no object");
  for (const auto& [key, ignored] : query->object)
    for (std::string& value : TRY(texts_of(*query, key))) pairs.push_back({key, std::move(value)});
  return pairs;
}

Result<policy::GraphQlRequest> read_graphql(const Value& value) {
  TRY(expect_keys(value, "'graphql'", {"operations", "error"}));
  policy::GraphQlRequest request;
  request.error = TRY(text_of(value, "error"));
  const Value* operations = value.find("operations");
  if (!operations) return request;
  if (operations->type != Type::Array) return make_error("'operations' is no list");
  for (const Value& item : operations->array) {
    TRY(expect_keys(
        item, "an operation",
        {"operation_type", "operation_name", "fields", "persisted_query", "persisted_query_hash"}));
    policy::GraphQlOperation operation{TRY(text_of(item, "operation_type")),
                                       TRY(text_of(item, "operation_name")), TRY(texts_of(item, "fields"))};
    // A persisted query that is sent by its hash has no text: what it says of its type, nobody has seen. One
    // with its text is judged by it.
    const Value* persisted = item.find("persisted_query");
    const bool by_hash = item.find("persisted_query_hash") ||
                         (persisted && persisted->type != Type::Boolean) || (persisted && persisted->boolean);
    if (by_hash && operation.fields.empty()) operation.type.clear();
    request.operations.push_back(std::move(operation));
  }
  return request;
}

Result<policy::RpcFrame> read_frame(const Value& value) {
  policy::RpcFrame frame;
  frame.method = TRY(text_of(value, "method"));
  frame.has_response = TRY(flag_of(value, "has_response"));
  const Value* params = value.find("params");
  // A name that is no string is none: nobody could have allowed it.
  const Value* name = params ? params->find("name") : nullptr;
  if (frame.method == "tools/call" && name && name->is_string()) frame.tool = name->string;
  return frame;
}

// One frame, or a list of them for a batch.
Result<policy::RpcRequest> read_rpc(const Value& value) {
  policy::RpcRequest request;
  const std::vector<Value> single =
      value.type == Type::Array ? std::vector<Value>() : std::vector<Value>{value};
  for (const Value& frame : value.type == Type::Array ? value.array : single) {
    TRY(expect_keys(frame, "'jsonrpc'", {"method", "params", "has_response", "receive_stream", "error"}));
    request.receive_stream = TRY(flag_of(frame, "receive_stream")) || request.receive_stream;
    if (request.error.empty()) request.error = TRY(text_of(frame, "error"));
    if (frame.find("method") || frame.find("has_response")) request.frames.push_back(TRY(read_frame(frame)));
  }
  return request;
}

Result<void> read_addresses(const Value& value, DescribedRequest& request) {
  request.addresses.emplace();
  for (const std::string& text : TRY(texts_of(value, "resolved_ips"))) {
    if (const auto address = policy::parse_address(text))
      request.addresses->push_back(*address);
    else
      request.malformed = "the answer " + quoted(text, 64) + " is no address";
  }
  return {};
}

Result<DescribedRequest> read_request(const Value& value) {
  TRY(expect_keys(
      value, "the request",
      {"binary", "binary_sha256", "ancestors", "script", "cmdline_paths", "identity_error", "host", "port",
       "resolved_ips", "method", "path", "query", "raw_target", "graphql", "jsonrpc"}));
  DescribedRequest request;
  request.caller.binary = TRY(text_of(value, "binary"));
  request.caller.binary_sha256 = TRY(text_of(value, "binary_sha256"));
  request.caller.script = TRY(text_of(value, "script"));
  request.caller.ancestors = TRY(texts_of(value, "ancestors"));
  request.caller.identity_error = TRY(text_of(value, "identity_error"));
  request.host = TRY(text_of(value, "host"));
  const Value* port = value.find("port");
  if (!port || port->type != Type::Integer) return make_error("'port' is missing, or no integer");
  if (port->integer < 1 || port->integer > 65535)
    request.malformed = "port " + std::to_string(port->integer) + " is not between 1 and 65535";
  else
    request.port = static_cast<uint16_t>(port->integer);
  if (value.find("resolved_ips")) TRY(read_addresses(value, request));
  request.request.method = TRY(text_of(value, "method"));
  request.request.path = TRY(text_of(value, "path"));
  request.request.query = TRY(read_query(value));
  if (value.find("raw_target")) request.target = TRY(text_of(value, "raw_target"));
  if (const Value* graphql = value.find("graphql")) request.request.graphql = TRY(read_graphql(*graphql));
  if (const Value* rpc = value.find("jsonrpc")) request.request.rpc = TRY(read_rpc(*rpc));
  return request;
}

Result<void> read_vector(const Value& value, PolicyVector& vector) {
  TRY(expect_keys(value, "it", {"name", "policy", "request", "expect", "layer", "note"}));
  vector.name = TRY(text_of(value, "name"));
  vector.expect = TRY(text_of(value, "expect"));
  if (value.find("policy")) vector.policy = TRY(text_of(value, "policy"));
  if (vector.expect != "allow" && vector.expect != "deny" && vector.expect != "invalid")
    return make_error("'expect' is none of allow, deny, invalid");
  const auto layer = text_of(value, "layer");
  if (!layer) return layer.error();
  if (*layer != "l4" && *layer != "l7") return make_error("'layer' is neither l4 nor l7");
  const Value* request = value.find("request");
  if (request) vector.request = TRY(read_request(*request));
  if (!request && vector.expect != "invalid") return make_error("'request' is missing");
  vector.request.inspect = *layer == "l7";
  return {};
}

}  // namespace

Result<std::vector<PolicyVector>> read_policy_vectors(const std::string& text) {
  const Value file = TRY(json::parse(text));
  const Value* list = file.find("vectors");
  if (!list || list->type != Type::Array) return make_error("there is no list 'vectors'");
  std::vector<PolicyVector> vectors;
  for (const Value& item : list->array) {
    PolicyVector vector;
    if (const auto read = read_vector(item, vector); !read) vector.unreadable = read.error().message;
    if (vector.name.empty()) vector.name = "vector " + std::to_string(vectors.size() + 1);
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace nemoclaw::ctl
