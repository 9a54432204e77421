// /etc/nemoclaw/config.yaml. Read with the same reader as policies, so that its errors look the same.
#include <algorithm>

#include "policy/parse/keys.h"
#include "policy/select/decode_selection.h"
#include "policy/select/directories.h"
#include "policy/select/select.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* default_file = "/etc/nemoclaw/config.yaml";
constexpr const char* not_absolute = "P0120";
constexpr const char* not_a_name = "P0122";

bool check_absolute(Diagnostics& diagnostics, const Node& node, std::string_view key,
                    const std::string& path) {
  if (path.starts_with('/')) return true;
  diagnostics.error(not_absolute, node.at, "'" + std::string(key) + "' must be an absolute path");
  return false;
}

Key<NodeConfig> path_key(const char* name, std::string NodeConfig::*member, const char* summary) {
  return other<NodeConfig>(
      name, Shape::Text,
      [=](Diagnostics& d, const Node& node, NodeConfig& out) {
        auto path = read_text(d, node, name);
        if (path && check_absolute(d, node, name, *path)) out.*member = clean_path(*path);
      },
      summary);
}

Key<NodeConfig> paths_key(const char* name, std::vector<std::string> NodeConfig::*member,
                          const char* summary) {
  return other<NodeConfig>(
      name, list_shape(Shape::Text),
      [=](Diagnostics& d, const Node& node, NodeConfig& out) {
        (out.*member).clear();
        for_each_item(d, node, name, [&](const Node& item) {
          auto path = read_text(d, item, name);
          if (path && check_absolute(d, item, name, *path)) (out.*member).push_back(clean_path(*path));
        });
      },
      summary);
}

void decode_default_policy(Diagnostics& diagnostics, const Node& node, NodeConfig& config) {
  auto name = read_text(diagnostics, node, "default_policy");
  if (!name) return;
  if (is_policy_name(*name))
    config.default_policy = *name;
  else
    diagnostics.error(not_a_name, node.at, "'default_policy' must be the name of a policy, not a path",
                      "put the file into a policy directory and name it without .yaml");
}

const Keys<NodeConfig>& config_keys() {
  static const Keys<NodeConfig> keys = {
      other<NodeConfig>("default_policy", Shape::Text, decode_default_policy,
                        "The policy of containers for which nothing else is said."),
      paths_key("policy_directories", &NodeConfig::policy_directories,
                "Where policies are looked up by name."),
      other<NodeConfig>("annotations", Shape::Object, decode_annotations,
                        "Whose annotation ai.nemoclaw.policy may choose the policy."),
      path_key("run_directory", &NodeConfig::run_directory, "Directories of running sandboxes."),
      path_key("log_directory", &NodeConfig::log_directory, "Audit files."),
      path_key("state_directory", &NodeConfig::state_directory, "What outlives a sandbox."),
      path_key("hook_path", &NodeConfig::hook_path, "nemoclaw-hook, if it is not beside the runtime."),
      path_key("proxy_path", &NodeConfig::proxy_path, "nemoclaw-proxy, if it is not beside the hook."),
      text("proxy_user", &NodeConfig::proxy_user, "User that the proxy runs as."),
      boolean("audit_fail_closed", &NodeConfig::audit_fail_closed, "Whether a full disk stops egress."),
      boolean("connect_hook", &NodeConfig::connect_hook,
              "Whether the kernel notes who connects (BPF); else callers are searched for."),
      boolean("kubelet_probes", &NodeConfig::kubelet_probes,
              "Whether pods accept TCP from the node's own addresses, for the kubelet's probes."),
      text("metrics_listen", &NodeConfig::metrics_listen,
           "Where 'nemoclawctl metrics --serve' listens, for example 127.0.0.1:9464."),
      paths_key("extra_ca_files", &NodeConfig::extra_ca_files, "Further certificates to trust upstream."),
      path_key("credentials_directory", &NodeConfig::credentials_directory,
               "Secrets that systemd keeps for a unit: /run/credentials/docker.service."),
      other<NodeConfig>("upstream_proxy", Shape::Either, decode_upstream_proxy,
                        "Proxy that the sandboxes' proxies connect through: its URL, or a map."),
      other<NodeConfig>("ceiling", Shape::Text, decode_ceiling,
                        "A policy that bounds every sandbox: its name, or an absolute path."),
      other<NodeConfig>("bindings", list_shape(Shape::Object), decode_bindings,
                        "Policies by Kubernetes namespace, pod, container or image."),
  };
  return keys;
}

// Nothing but comments and empty lines.
bool is_blank(std::string_view text) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size() - 1);
    std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    size_t first = line.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && line[first] != '#') return false;
  }
  return true;
}

}  // namespace

Result<NodeConfig> load_node_config(const std::optional<std::string>& file) {
  NodeConfig config;
  auto text = read_file(file.value_or(default_file), TreeLimits().bytes_max);
  if (!text) {
    if (!file && text.error().errno_value == ENOENT) return config;
    return std::move(text).error().with_context("node configuration");
  }
  config.file = file.value_or(default_file);
  if (is_blank(*text))
    return config;  // all defaults; to the tree's reader it would be a policy that is missing
  Diagnostics diagnostics(*text);
  auto root = parse_tree(*text, diagnostics);
  if (root) decode_map(diagnostics, *root, "the node configuration", config_keys(), config);
  if (!diagnostics.has_error()) return config;
  return make_error(joined_errors(diagnostics.take(), config.file));
}

}  // namespace nemoclaw::policy
