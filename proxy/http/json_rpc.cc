#include "proxy/http/json_rpc.h"

#include "proxy/http/text.h"
#include "runtime/base/json.h"

namespace nemoclaw::http {

namespace {

constexpr size_t kBatchMax = 100;
constexpr size_t kDepthMax = 64;

// A reader that ignores case would take such a key for the protocol's.
Result<void> refuse_lookalikes(const json::Value& object, std::initializer_list<std::string_view> keys) {
  for (const auto& [name, value] : object.object)
    for (const std::string_view key : keys)
      if (name != key && equals_ignoring_case(name, key))
        return make_error("the key " + quoted(name, 40) + " looks like '" + std::string(key) + "'");
  return {};
}

Result<RpcCall> parse_call(const json::Value& message) {
  if (message.type != json::Type::Object) return make_error("a message is not an object");
  TRY(refuse_lookalikes(message, {"jsonrpc", "method", "params", "result", "error", "id"}));
  const json::Value* version = message.find("jsonrpc");
  if (!version || !version->is_string() || version->string != "2.0")
    return make_error("a message does not say jsonrpc \"2.0\"");
  RpcCall call;
  call.has_response = message.find("result") || message.find("error");
  const json::Value* method = message.find("method");
  if (!method) {
    if (!call.has_response) return make_error("a message is neither a call nor an answer");
    return call;
  }
  if (!method->is_string() || method->string.empty()) return make_error("a message's method is not a name");
  call.method = method->string;
  if (call.method != "tools/call") return call;
  const json::Value* parameters = message.find("params");
  if (!parameters || parameters->type != json::Type::Object)
    return make_error("tools/call without an object of parameters");
  TRY(refuse_lookalikes(*parameters, {"name"}));
  const json::Value* name = parameters->find("name");
  if (!name || !name->is_string() || name->string.empty()) return make_error("tools/call names no tool");
  call.tool = name->string;
  return call;
}

}  // namespace

Result<std::vector<RpcCall>> parse_json_rpc(std::string_view body) {
  const json::Value root = TRY(json::parse(body, json::Limits{body.size() + 1, kDepthMax, 200'000}));
  std::vector<RpcCall> calls;
  if (root.type != json::Type::Array) {
    calls.push_back(TRY(parse_call(root)));
    return calls;
  }
  if (root.array.empty() || root.array.size() > kBatchMax)
    return make_error(format("a batch holds 1 to %zu messages, this one %zu", kBatchMax, root.array.size()));
  for (const json::Value& message : root.array) calls.push_back(TRY(parse_call(message)));
  return calls;
}

}  // namespace nemoclaw::http
