// Which policy applies to a container, and the node's configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/policy.h"
#include "policy/model/upstream_proxy.h"
#include "policy/select/bindings.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::policy {

// /etc/nemoclaw/config.yaml (or --config FILE); every key is optional. An absent default file means all
// defaults, an absent --config file is an error. Unknown keys are errors with line and column, as in
// policies.
struct NodeConfig {
  std::string file;  // where it was read from; empty = defaults
  std::string default_policy = "default";
  std::vector<std::string> policy_directories = {"/etc/nemoclaw/policies", "/usr/share/nemoclaw/policies"};
  std::vector<Binding> bindings;  // the first that matches counts
  AnnotationRules annotations;
  std::string ceiling;  // name or absolute path of the policy that bounds every sandbox; empty: none
  std::string run_directory = "/run/nemoclaw/sandboxes";
  std::string log_directory = "/var/log/nemoclaw";
  std::string state_directory = "/var/lib/nemoclaw";
  std::string hook_path, proxy_path;  // empty: beside the running program, or its ../libexec/nemoclaw
  std::string proxy_user;             // empty: "nemoclaw" if the host has it, else uid 64219
  bool audit_fail_closed = true;      // a full disk stops egress
  bool connect_hook = true;           // the kernel notes who connects (BPF), where it can
  bool kubelet_probes = true;         // pods accept TCP from the node's own addresses
  std::vector<std::string> extra_ca_files;
  std::string credentials_directory;  // of systemd, read beside the node's own secrets; empty: none
  std::string metrics_listen;  // ADDRESS:PORT of "nemoclawctl metrics --serve"; empty: it must be told
  std::optional<UpstreamProxy> upstream_proxy;
};

Result<NodeConfig> load_node_config(const std::optional<std::string>& file);

struct Selected {
  Policy policy;  // with its ceiling, if the node has one
  std::string ceiling_text;
  std::string text;  // as read, for the sandbox directory
  std::string file;
  std::string source;  // "command line", "binding", "annotation", "default"
};

// --policy FILE|NAME|none, then the node's bindings, then annotation ai.nemoclaw.policy (a name or
// sha256:<digest>, never a path), then the default. nullopt: --policy none. An unknown name lists the names
// that are known.
Result<std::optional<Selected>> select_policy(const NodeConfig& config,
                                              const std::optional<std::string>& command_line,
                                              const oci::Spec& spec);

// `policy` under the node's ceiling; as it is when there is none.
Result<Policy> under_ceiling(const NodeConfig& config, Policy policy);

struct InstalledPolicy {
  std::string name, file, description;
  bool is_preset = false;
};
Result<std::vector<InstalledPolicy>> list_policies(const NodeConfig& config);

// Finds nemoclaw-hook / nemoclaw-proxy: the configured path, or <dir of /proc/self/exe>/NAME, or
// ../libexec/nemoclaw/NAME.
Result<std::string> find_program(const std::string& configured, const std::string& name);

}  // namespace nemoclaw::policy
