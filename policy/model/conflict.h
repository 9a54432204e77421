// Endpoints that overlap must agree on what the proxy has to know before it can look at a request.
#pragma once

#include <optional>
#include <string>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

struct Conflict {
  const NetworkEntry* first_entry = nullptr;
  const NetworkEntry* second_entry = nullptr;
  const Endpoint* first = nullptr;
  const Endpoint* second = nullptr;
  const char* what = "";  // the key they disagree on: "tls", "allowed_ips", "enforcement", "protocol"
};

// The first pair in file order of entries, or nullopt. tls and allowed_ips are needed before a path is known
// and must agree for the same host and port whatever the paths; enforcement and protocol must agree for the
// same path. A plain L4 endpoint next to an L7 one is no conflict: inspection stays on. Endpoints without a
// host grant by address and are left out.
std::optional<Conflict> find_conflict(const std::vector<NetworkEntry>& entries);

}  // namespace nemoclaw::policy
