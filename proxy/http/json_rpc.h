// JSON-RPC 2.0 and MCP bodies as far as a policy asks: which methods are called, which tools. Strict: what
// two readers could take for different calls is an error. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::http {

struct RpcCall {
  std::string method;         // empty for an answer
  std::string tool;           // params.name of MCP's tools/call
  bool has_response = false;  // has a result or an error: an answer to the server
};

// One message, or a batch of at most 100. Every message says jsonrpc "2.0"; a key that differs from a key of
// the protocol only in its case is refused, because some readers ignore case.
Result<std::vector<RpcCall>> parse_json_rpc(std::string_view body);

}  // namespace nemoclaw::http
