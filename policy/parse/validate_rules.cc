#include <algorithm>
#include <cstring>

#include "policy/model/words.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

// RFC 9110, 5.6.2: token characters.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~/", c) != nullptr);
  });
}

struct Used {
  const char* key;
  bool used;
};

const char* protocol_name(Protocol protocol) { return protocol == Protocol::L4 ? "L4" : word(protocol); }

// The rule keys that a protocol's requests can be judged by.
std::vector<std::string_view> keys_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::L4:
    case Protocol::Rest:
    case Protocol::WebSocket:
      return {"method", "path", "query"};
    case Protocol::GraphQl:
      return {"operation_type", "operation_name", "fields"};
    case Protocol::Mcp:
      return {"method", "tool"};
    case Protocol::JsonRpc:
      return {"method"};
    case Protocol::Tcp:
      return {};
  }
  return {};
}

void check_rule(Diagnostics& diagnostics, const Rule& rule, Protocol protocol) {
  const auto fitting = keys_of(protocol);
  const std::string name = rule.deny ? "a deny rule" : "an allow rule";
  for (const Used& used :
       {Used{"method", !rule.method.empty()}, Used{"path", !rule.path.empty()},
        Used{"query", !rule.query.empty()}, Used{"operation_type", !rule.operation_type.empty()},
        Used{"operation_name", !rule.operation_name.empty()}, Used{"fields", !rule.fields.empty()},
        Used{"tool", !rule.tool.empty()}}) {
    if (!used.used || std::find(fitting.begin(), fitting.end(), used.key) != fitting.end()) continue;
    diagnostics.error("P0431", rule.at,
                      "'" + std::string(used.key) + "' in " + name + " means nothing for protocol " +
                          protocol_name(protocol),
                      "set the endpoint's 'protocol', or remove the key");
  }
  if (protocol == Protocol::Rest || protocol == Protocol::WebSocket || protocol == Protocol::L4) {
    if (rule.path.empty())
      diagnostics.error("P0413", rule.at,
                        name + " of protocol " + std::string(protocol_name(protocol)) + " needs a 'path'",
                        "write path: \"/**\" for every path");
    if (rule.method.empty())
      diagnostics.error("P0432", rule.at,
                        name + " of protocol " + std::string(protocol_name(protocol)) + " needs a 'method'",
                        "write method: \"*\" for every method");
  }
  if ((protocol == Protocol::Mcp || protocol == Protocol::JsonRpc) && rule.method.empty() &&
      rule.tool.empty())
    diagnostics.error("P0432", rule.at,
                      name + " of protocol " + std::string(protocol_name(protocol)) + " needs a 'method'");
  if (protocol == Protocol::GraphQl && rule.operation_type.empty() && rule.operation_name.empty() &&
      rule.fields.empty())
    diagnostics.error("P0434", rule.at, name + " of protocol graphql says nothing",
                      "give operation_type, operation_name or fields");
}

}  // namespace

void check_method(Diagnostics& diagnostics, Location at, std::string_view method) {
  if (!is_token(method))
    diagnostics.error("P0433", at, quoted(method, 64) + " is no method", "a name such as GET, or '*'");
}

void check_rule_path(Diagnostics& diagnostics, Location at, std::string_view path) {
  if (path == "**") return;  // everything
  if (path.empty() || path[0] != '/') {
    diagnostics.error("P0430", at, "path " + quoted(path, 128) + " does not start with '/'",
                      "write the path as in the request: \"/v1/**\"");
    return;
  }
  if (path.find_first_of("#\\") != std::string_view::npos || path.size() > 4096 ||
      std::any_of(path.begin(), path.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
    diagnostics.error("P0430", at, "path " + quoted(path, 128) + " can match no request",
                      "no spaces, '#', '\\' or control characters; at most 4096 bytes");
}

void check_rules_fit_protocol(Diagnostics& diagnostics, const Endpoint& endpoint) {
  if (endpoint.protocol == Protocol::Tcp) return;  // check_protocol_has_rules has spoken
  for (const Rule& rule : endpoint.rules) check_rule(diagnostics, rule, endpoint.protocol);
  for (const Rule& rule : endpoint.deny_rules) check_rule(diagnostics, rule, endpoint.protocol);
  if (endpoint.mcp_known_methods && endpoint.protocol != Protocol::Mcp)
    diagnostics.error("P0431", endpoint.at,
                      "'mcp' means nothing for protocol " + std::string(protocol_name(endpoint.protocol)),
                      "write 'protocol: mcp'");
}

}  // namespace nemoclaw::policy
