// nemoclawctl policy list
#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "policy/select/select.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

void print_text(const std::vector<policy::InstalledPolicy>& installed, const policy::NodeConfig& config) {
  if (installed.empty()) {
    std::printf("no policies are installed; looked in:");
    for (const std::string& directory : config.policy_directories) std::printf(" %s", directory.c_str());
    std::printf("\n");
    return;
  }
  size_t width = 4;
  for (const auto& each : installed) width = std::max(width, each.name.size());
  std::printf("%-*s  %-6s  %s\n", static_cast<int>(width), "NAME", "KIND", "FILE");
  for (const auto& each : installed) {
    std::printf("%-*s  %-6s  %s%s\n", static_cast<int>(width), each.name.c_str(),
                each.is_preset ? "preset" : "policy", each.file.c_str(),
                each.name == config.default_policy ? "  (default)" : "");
    if (!each.description.empty())
      std::printf("%-*s  %-6s  %s\n", static_cast<int>(width), "", "", quoted(each.description).c_str());
  }
}

std::string as_json(const std::vector<policy::InstalledPolicy>& installed, const policy::NodeConfig& config) {
  json::Writer writer;
  writer.begin_array();
  for (const auto& each : installed) {
    writer.begin_object().member("name", each.name).member("kind", each.is_preset ? "preset" : "policy");
    writer.member("file", each.file).member("description", each.description);
    writer.member("default", each.name == config.default_policy).end_object();
  }
  return writer.end_array().take();
}

int run(const Options& options, bool json) {
  const auto config = policy::load_node_config(options.value("config"));
  if (!config) return policy_usage_error("list", config.error().message);
  const auto installed = policy::list_policies(*config);
  if (!installed) return policy_usage_error("list", installed.error().message);
  if (json)
    std::printf("%s\n", as_json(*installed, *config).c_str());
  else
    print_text(*installed, *config);
  return kExitFine;
}

}  // namespace

const PolicyCommand& policy_list() {
  static const PolicyCommand command = {
      .name = "list",
      .summary = "the policies and presets that are installed",
      .usage = "",
      .about = "Lists the policies and presets in the node's policy directories.",
      .rows = {},
      .words = Words::None,
      .words_min = 0,
      .words_max = 0,
      .words_wrong = "no argument is expected",
      .takes_config = true,
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
