// What the words of an endpoint cover: told from the words alone.
#pragma once

#include <string_view>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

// Does `expected` of a rule cover this method? Case does not matter; GET covers HEAD; "*" is any.
bool method_covers(std::string_view expected, std::string_view method);
// Methods that the access presets open: rest and websocket.
bool access_covers(Access access, std::string_view method);
// Methods that the MCP specification has a client call.
bool is_known_mcp_method(std::string_view method);
// Patterns that every path of a request fits.
bool is_every_path(std::string_view pattern);
// Every request fits the rule, of rest or websocket.
bool covers_everything(const Rule& rule);
bool share_port(const Endpoint& a, const Endpoint& b);

}  // namespace nemoclaw::policy
