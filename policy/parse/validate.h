// The rules, one function each. Those that take a place judge one value while it is decoded; those that take
// a policy or an endpoint look at what was decoded. docs/policy-errors.md lists the codes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/parse/diagnostics.h"

namespace nemoclaw::policy {

// Paths (P02xx)
bool check_path(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path);
bool check_no_glob(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path);
void check_glob_components(Diagnostics& diagnostics, Location at, std::string_view key,
                           std::string_view path);
void check_root_not_writable(Diagnostics& diagnostics, const FilesystemPolicy& filesystem);
void check_path_count(Diagnostics& diagnostics, const FilesystemPolicy& filesystem);

// Process (P03xx)
void check_not_root(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view name);
std::optional<std::string> check_capability(Diagnostics& diagnostics, Location at, std::string_view name);
void check_search_path(Diagnostics& diagnostics, Location at, std::string_view path);
void check_variable_name(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view name);
void check_syscall_name(Diagnostics& diagnostics, Location at, std::string_view name);

// Network (P04xx)
void check_binary_path(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path);
std::optional<std::string> check_sha256(Diagnostics& diagnostics, Location at, std::string_view text);
std::optional<std::string> check_host(Diagnostics& diagnostics, Location at, std::string_view host);
std::optional<std::string> check_cidr(Diagnostics& diagnostics, Location at, std::string_view key,
                                      std::string_view text);
void check_reachable_cidr(Diagnostics& diagnostics, Location at, std::string_view text);
void check_method(Diagnostics& diagnostics, Location at, std::string_view method);
void check_rule_path(Diagnostics& diagnostics, Location at, std::string_view path);
void check_endpoint_target(Diagnostics& diagnostics, const Endpoint& endpoint, bool host_written);
void check_access_excludes_rules(Diagnostics& diagnostics, const Endpoint& endpoint, bool rules_written);
void check_protocol_has_rules(Diagnostics& diagnostics, const Endpoint& endpoint);
void check_rules_fit_protocol(Diagnostics& diagnostics, const Endpoint& endpoint);
void check_inspection_needs_tls(Diagnostics& diagnostics, const Endpoint& endpoint);
void check_no_conflict(Diagnostics& diagnostics, const Policy& policy);

// Credentials (P045x)
bool check_secret_name(Diagnostics& diagnostics, Location at, std::string_view name);
bool check_credential_header(Diagnostics& diagnostics, Location at, std::string_view header);
void check_credentials(Diagnostics& diagnostics, const Policy& policy);

}  // namespace nemoclaw::policy
