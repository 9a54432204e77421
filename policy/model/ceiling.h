// What a node's ceiling leaves of a policy: an intersection, with a reason for everything that is cut.
#pragma once

#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

// The result allows nothing that one of the two does not. Files, users, capabilities, limits, inbound, DNS
// and approvals are narrowed here. What needs the image (links, globs of executables, the working directory),
// requests (network) or both filters (system calls) keeps the policy's own values beside `ceiling`, and
// compile() and the engine ask both. A section that the ceiling lacks means what it means in every policy:
// nothing is allowed there. Pure.
Policy intersect(Policy policy, Policy ceiling);

// Parts of it.
void cut_filesystem(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts);
void cut_process(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts);
// Explains only: every request is judged by both policies.
void explain_network_cuts(const Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts);
void cut_inbound(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts);

// What a policy's own lists give at a path, by the path's text alone: the most specific wins, and a read-only
// path below a writable one is mounted read-only with all that lies below it.
enum class FileAccess : uint8_t { None, Read, Write };
FileAccess listed_access(const FilesystemPolicy& filesystem, const std::string& path);

// "key (line 12)" of the policy that was cut.
std::string cut_place(const std::string& what, Location at);

}  // namespace nemoclaw::policy
