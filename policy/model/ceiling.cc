#include "policy/model/ceiling.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

constexpr const char* kModes[] = {"off", "ask", "learn"};

// The lower of two, and a line if that is not what the policy says.
template <typename T>
void lower(T& value, T bound, const std::string& key, std::vector<Cut>& cuts) {
  if (value <= bound) return;
  cuts.push_back({key + ": " + std::to_string(value) + " becomes " + std::to_string(bound),
                  "the ceiling has " + std::to_string(bound)});
  value = bound;
}

void keep_listed(std::vector<std::string>& names, const std::vector<std::string>& allowed,
                 const std::string& key, std::vector<Cut>& cuts) {
  std::erase_if(names, [&](const std::string& name) {
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return false;
    cuts.push_back({key + ": " + name + " is cut", "the ceiling does not list it"});
    return true;
  });
}

void cut_user(std::string& name, const std::string& bound, const std::string& key, Location at,
              std::vector<Cut>& cuts) {
  if (bound.empty() || name == bound) return;
  cuts.push_back({cut_place(key + ": " + (name.empty() ? "the image's" : name) + " becomes " + bound, at),
                  "the ceiling names it"});
  name = bound;
}

void cut_modes(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts) {
  // Open forwards every name, off none.
  const auto openness = [](DnsMode mode) {
    return mode == DnsMode::Open ? 2 : mode == DnsMode::Policy ? 1 : 0;
  };
  if (openness(policy.dns) > openness(ceiling.dns)) {
    policy.dns = ceiling.dns;
    cuts.push_back({std::string("dns.mode: becomes ") + (policy.dns == DnsMode::Off ? "off" : "policy"),
                    "the ceiling's mode is stricter"});
  }
  if (policy.approval > ceiling.approval) {
    policy.approval = ceiling.approval;
    cuts.push_back({std::string("approval.mode: becomes ") + kModes[static_cast<int>(policy.approval)],
                    "the ceiling's mode is stricter"});
  }
  policy.audit_queries_redact = policy.audit_queries_redact || ceiling.audit_queries_redact;
}

// What the ceiling checks is checked for every sandbox.
void add_integrity(Integrity& integrity, const Integrity& ceiling) {
  const auto append = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  append(integrity.files, ceiling.files);
  append(integrity.symlinks, ceiling.symlinks);
  append(integrity.read_only_mounts, ceiling.read_only_mounts);
}

}  // namespace

std::string cut_place(const std::string& what, Location at) {
  return at.line == 0 ? what : what + " (policy line " + std::to_string(at.line) + ")";
}

void cut_process(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts) {
  ProcessPolicy& process = policy.process;
  const ProcessPolicy& bound = ceiling.process;
  if (process.start_as_root && !bound.start_as_root) {
    process.start_as_root = false;
    cuts.push_back({"process.start_as_root: is cut", "the ceiling does not have it"});
  }
  cut_user(process.run_as_user, bound.run_as_user, "process.run_as_user", process.run_as_user_at, cuts);
  cut_user(process.run_as_group, bound.run_as_group, "process.run_as_group", process.run_as_group_at, cuts);
  keep_listed(process.ambient_capabilities, bound.ambient_capabilities, "process.capabilities (ambient)",
              cuts);
  std::vector<std::string> capabilities = bound.capabilities;
  capabilities.insert(capabilities.end(), bound.ambient_capabilities.begin(),
                      bound.ambient_capabilities.end());
  keep_listed(process.capabilities, capabilities, "process.capabilities", cuts);
  lower(process.max_processes, bound.max_processes, "process.max_processes", cuts);
  lower(process.max_core_bytes, bound.max_core_bytes, "process.max_core_bytes", cuts);
  if (bound.max_open_files && !process.max_open_files)
    process.max_open_files = bound.max_open_files;
  else if (bound.max_open_files)
    lower(*process.max_open_files, *bound.max_open_files, "process.max_open_files", cuts);
  keep_listed(process.keep_environment, bound.keep_environment, "process.keep_environment", cuts);
  if (!process.no_new_privileges && bound.no_new_privileges) {
    process.no_new_privileges = true;
    cuts.push_back({"process.no_new_privileges: becomes true", "the ceiling has it"});
  }
}

Policy intersect(Policy policy, Policy ceiling) {
  auto bound = std::make_shared<Ceiling>();
  std::vector<Cut>& cuts = bound->cuts;
  cut_filesystem(policy, ceiling, cuts);
  cut_process(policy, ceiling, cuts);
  explain_network_cuts(policy, ceiling, cuts);
  cut_inbound(policy, ceiling, cuts);
  cut_modes(policy, ceiling, cuts);
  add_integrity(policy.integrity, ceiling.integrity);
  policy.landlock.hard_requirement = policy.landlock.hard_requirement || ceiling.landlock.hard_requirement;
  bound->policy = std::move(ceiling);
  policy.ceiling = std::move(bound);
  return policy;
}

}  // namespace nemoclaw::policy
