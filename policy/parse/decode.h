// Tree -> model, one row of the policy's table per section. Each reports what does not fit and leaves the
// member at its default.
#pragma once

#include "policy/parse/keys.h"

namespace nemoclaw::policy {

Key<Policy> filesystem_section();
Key<Policy> landlock_section();
Key<Policy> process_section();
Key<Policy> network_section();
Key<Policy> credentials_section();
Key<Policy> inbound_section();
Key<Policy> dns_section();
Key<Policy> approval_section();
Key<Policy> integrity_section();
Key<Policy> audit_section();
// Shape only: nothing of these is in the model yet.
Key<Policy> inference_section();
Key<Policy> privacy_section();
// What is written must not look as if it were in force.
void say_not_in_force(Diagnostics& diagnostics, const Node& node, const char* what, const char* remedy);
// The list forms: items become entries.
Key<Policy> four_level_section();
Key<Policy> egress_section();

Key<Endpoint> rules_key();
Key<Endpoint> deny_rules_key();
// Methods of HTTP are compared in any case, and kept in one. Those of MCP and JSON-RPC are names.
void write_methods_upper(std::vector<Rule>& rules);

// What texts must at least look like. The reader's own checks (validate.h) say more, and say it in words.
constexpr const char* kAbsolutePath = "^/";
constexpr const char* kBinaryPath = "^(/|\\*\\*/)";
constexpr const char* kRequestPath = "^(/|\\*\\*$)";
constexpr const char* kSha256 = "^(sha256:)?[0-9a-fA-F]{64}$";

std::vector<Path> read_paths(Diagnostics& diagnostics, const Node& node, std::string_view key, bool globs);
std::vector<std::string> read_cidrs(Diagnostics& diagnostics, const Node& node, std::string_view key);

// The whole text of one of the accepted forms.
void decode_policy(Diagnostics& diagnostics, const Node& root, Policy& policy);

struct Form {
  const char* title;
  Shape shape;
};
// What a file may hold, for the schema.
std::vector<Form> accepted_forms();

}  // namespace nemoclaw::policy
