// The part of the full schema that says where connections may go.
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/json.h"

namespace nemoclaw::policy {

json::Value network_value(const std::vector<NetworkEntry>& entries);
json::Value endpoint_value(const Endpoint& endpoint);
json::Value binary_value(const Binary& binary);
// Without the word `allow`.
json::Value rule_value(const Rule& rule);

}  // namespace nemoclaw::policy
