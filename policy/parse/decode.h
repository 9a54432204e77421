// Tree -> model, one function per section. Each reports what does not fit and leaves the member at its
// default.
#pragma once

#include "policy/parse/keys.h"

namespace nemoclaw::policy {

void decode_filesystem(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_landlock(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_process(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_network(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_inbound(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_dns(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_approval(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_integrity(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_audit(Diagnostics& diagnostics, const Node& node, Policy& policy);
// The list forms: items become entries.
void decode_four_level(Diagnostics& diagnostics, const Node& node, Policy& policy);
void decode_egress(Diagnostics& diagnostics, const Node& node, Policy& policy);
// Shape only: nothing of these is in the model yet.
void check_inference(Diagnostics& diagnostics, const Node& node, Policy& policy);
void check_privacy(Diagnostics& diagnostics, const Node& node, Policy& policy);

void decode_rules(Diagnostics& diagnostics, const Node& node, Endpoint& endpoint);
void decode_deny_rules(Diagnostics& diagnostics, const Node& node, Endpoint& endpoint);

std::vector<Path> read_paths(Diagnostics& diagnostics, const Node& node, std::string_view key, bool globs);
std::vector<std::string> read_cidrs(Diagnostics& diagnostics, const Node& node, std::string_view key);

// The whole text of one of the accepted forms.
void decode_policy(Diagnostics& diagnostics, const Node& root, Policy& policy);

}  // namespace nemoclaw::policy
