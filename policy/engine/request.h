// What is asked of the engine: plain values, made by whoever has read the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/engine/target.h"
#include "policy/model/policy.h"

namespace nemoclaw::policy {

// Who is asking. Paths are the kernel's (/proc/<pid>/exe), never argv.
struct Caller {
  std::string binary;                  // absolute path inside the container
  std::string binary_sha256;           // may be empty when no rule pins
  std::vector<std::string> ancestors;  // nearest parent first, up to the container's init
  std::vector<std::string>
      ancestor_sha256;         // beside `ancestors`; shorter or "": unknown, which never satisfies a pin
  std::string script;          // path of a script that the kernel's shebang started, or empty
  std::string identity_error;  // not empty: identity unknown, which is a denial with this reason
  std::string identity_code;   // "binary_integrity", "ambiguous_owner"; empty: "policy_denied"
};

struct L4Request {
  Caller caller;
  std::string host;  // normalised: lower case A-labels or an address literal without brackets
  uint16_t port = 0;
};

// One operation of a GraphQL document.
struct GraphQlOperation {
  std::string type;  // "query", "mutation", "subscription"; empty: unknown, as of a persisted query by hash
  std::string name;  // empty: anonymous
  std::vector<std::string> fields;  // root fields, fragments resolved, by their names (not their aliases)
};

struct GraphQlRequest {
  std::vector<GraphQlOperation> operations;  // every one must be allowed
  std::string error;                         // not empty: the document could not be read
};

// One frame of JSON-RPC or MCP.
struct RpcFrame {
  std::string method;         // of a request or a notification
  std::string tool;           // params.name of MCP's tools/call
  bool has_response = false;  // result or error: an answer to the server
};

struct RpcRequest {
  std::vector<RpcFrame> frames;  // several: a batch; every one must be allowed
  bool receive_stream = false;   // MCP's GET that opens the server's event stream; then there is no frame
  std::string error;             // not empty: the body could not be read
};

struct L7Request {
  L4Request connection;
  std::string method;  // as sent; WEBSOCKET_TEXT for a client's text message
  // What X-HTTP-Method-Override and its like name; each must be allowed too. `_method` in the query is found
  // by the engine.
  std::vector<std::string> method_overrides;
  std::string path;  // canonical
  std::vector<QueryPair> query;
  std::optional<GraphQlRequest> graphql;  // protocol graphql
  std::optional<RpcRequest> rpc;          // protocols mcp and json-rpc
};

struct L7Plan {
  Protocol protocol = Protocol::Rest;
  Enforcement enforcement = Enforcement::Enforce;
  RateLimits limits;
};

}  // namespace nemoclaw::policy
