// What a node must have, and what would be weaker without it. Everything is found by trying, never by a
// version number.
#pragma once

#include <string>
#include <vector>

#include "policy/select/select.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {

enum class Finding : uint8_t {
  Fine,
  Degraded,  // works, with a weaker protection or a missing convenience
  Missing,   // needed: sandboxes will not start
  Info,
};

struct Check {
  std::string group;  // "kernel", "programs", "policies", "managers"
  std::string name;
  Finding finding = Finding::Fine;
  std::string detail;  // what was found
  std::string remedy;  // what to do; empty when fine
};
using Checks = std::vector<Check>;

Checks check_kernel(const policy::NodeConfig& config);
Checks check_network();  // netlink socket queries, namespaces
Checks check_programs(const policy::NodeConfig& config);
Checks check_policies(const policy::NodeConfig& config);
Checks check_managers();

// Pure: whether `text` (daemon.json, containerd's config.toml, containers.conf) names our runtime. The first
// is JSON and is read as such.
bool daemon_json_registers(const std::string& text);
bool config_mentions_runtime(const std::string& text);

std::string render_checks(const Checks& checks);
void write_checks(json::Writer& writer, const Checks& checks);
bool all_needed_is_there(const Checks& checks);

}  // namespace nemoclaw::ctl
