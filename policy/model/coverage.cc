#include "policy/model/coverage.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

constexpr const char* kKnownMcpMethods[] = {"initialize",
                                            "ping",
                                            "completion/complete",
                                            "logging/setLevel",
                                            "notifications/cancelled",
                                            "notifications/initialized",
                                            "notifications/progress",
                                            "notifications/roots/list_changed",
                                            "prompts/get",
                                            "prompts/list",
                                            "resources/list",
                                            "resources/read",
                                            "resources/subscribe",
                                            "resources/templates/list",
                                            "resources/unsubscribe",
                                            "tools/call",
                                            "tools/list"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return upper(x) == upper(y); });
}

}  // namespace

bool method_covers(std::string_view expected, std::string_view method) {
  return expected == "*" || same_word(expected, method) ||
         (same_word(expected, "GET") && same_word(method, "HEAD"));
}

bool access_covers(Access access, std::string_view method) {
  if (access == Access::Full) return true;
  const auto is = [&](std::string_view name) { return same_word(method, name); };
  const bool reads = is("GET") || is("HEAD") || is("OPTIONS");
  if (access == Access::ReadOnly) return reads;
  // A message is to a WebSocket what a POST is to a resource.
  return access == Access::ReadWrite &&
         (reads || is("POST") || is("PUT") || is("PATCH") || is("WEBSOCKET_TEXT"));
}

bool is_known_mcp_method(std::string_view method) {
  return std::find(std::begin(kKnownMcpMethods), std::end(kKnownMcpMethods), method) !=
         std::end(kKnownMcpMethods);
}

bool is_every_path(std::string_view pattern) { return pattern == "/**" || pattern == "**"; }

bool covers_everything(const Rule& rule) {
  return rule.method == "*" && is_every_path(rule.path) && rule.query.empty();
}

bool share_port(const Endpoint& a, const Endpoint& b) {
  return std::any_of(a.ports.begin(), a.ports.end(), [&](uint16_t port) {
    return std::find(b.ports.begin(), b.ports.end(), port) != b.ports.end();
  });
}

}  // namespace nemoclaw::policy
