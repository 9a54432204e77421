// The keys of config.yaml that say who gets which policy. Internal to this room.
#pragma once

#include "policy/parse/diagnostics.h"
#include "policy/parse/tree.h"
#include "policy/select/select.h"

namespace nemoclaw::policy {

// true, false, or {containers: true, kubernetes: [{namespace: "team-*", policies: [default, strict]}]}.
void decode_annotations(Diagnostics& diagnostics, const Node& node, NodeConfig& config);
// [{namespace: "team-*", image: "*/agent:*", policy: strict}]
void decode_bindings(Diagnostics& diagnostics, const Node& node, NodeConfig& config);

void decode_upstream_proxy(Diagnostics& diagnostics, const Node& node, NodeConfig& config);

void decode_ceiling(Diagnostics& diagnostics, const Node& node, NodeConfig& config);

}  // namespace nemoclaw::policy
