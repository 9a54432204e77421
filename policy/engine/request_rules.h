// Which rule of the endpoints at hand answers one question about a request. deny beats allow: who asks sees
// to it.
#pragma once

#include <optional>
#include <span>

#include "policy/engine/compiled.h"

namespace nemoclaw::policy {

// What one rule is asked about: a method, an operation, or a frame.
struct Question {
  const L7Request& request;
  std::string_view method;                      // rest and websocket
  const GraphQlOperation* operation = nullptr;  // graphql
  const RpcFrame* frame = nullptr;              // mcp and json-rpc

  bool fits(const RuleMatcher& rule, Protocol protocol) const;
};

struct Found {
  const Grant* grant = nullptr;
  int32_t rule = -1;  // -1: access
  uint32_t line = 0;
};

// The endpoint with the most specific path; the first of equals. `grants` is not empty.
const Grant& most_specific(std::span<const Grant> grants);

// In the order of the entries. Within an entry its most specific path chooses; entries add up, as far as they
// read the request in the same way as the endpoint that was chosen (`protocol`).
std::optional<Found> find_allow(std::span<const Grant> grants, Protocol protocol, const Question& asked);
// In all of them, however specific.
std::optional<Found> find_deny(std::span<const Grant> grants, const Question& asked);

}  // namespace nemoclaw::policy
