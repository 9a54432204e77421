#include "hooks/stop.h"

#include <unistd.h>

#include <algorithm>

#include "hooks/launch_proxy.h"
#include "hooks/proxy_cgroup.h"
#include "hooks/unload.h"
#include "policy/select/revisions.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::hooks {
namespace {

// Root removes a tree here: a wrong --sandbox-dir must not cost anybody a directory.
bool looks_like_a_sandbox(const std::vector<std::string>& names) {
  if (names.empty()) return true;
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "sandbox.json" || name == "proxy.json" || name == "hook.log";
  });
}

}  // namespace

Result<void> run_stop(const HookOptions& options) {
  const std::string& directory = options.sandbox_directory;
  Result<std::vector<std::string>> names = list_directory(directory);
  if (!names && names.error().errno_value == ENOENT) return {};
  if (!names) return std::move(names).error();
  if (!looks_like_a_sandbox(*names))
    return make_error(directory + " is not a sandbox directory: nothing was removed");
  std::optional<std::string> config_file = options.config_file;
  if (const auto record = oci::read_sandbox_record(directory);
      !config_file && record && !record->config_file.empty())
    config_file = record->config_file;
  const Result<std::optional<ProxyRecord>> proxy = oci::read_proxy_record(directory);
  if (proxy && proxy->has_value()) {
    stop_proxy(**proxy);
    remove_proxy_cgroup((*proxy)->cgroups);
    // To the manager: hook.log goes with the directory. Closed is no danger, the next create there replaces
    // the fence.
    const FdRef log(STDERR_FILENO);
    const Result<void> unloaded = unload_fence(directory, **proxy, log);
    if (!unloaded) log_line(log, "the fence stays: " + unloaded.error().message);
  }
  TRY(remove_tree(directory));
  // Policies of containers that are gone by now; this one's may start again.
  if (const auto config = policy::load_node_config(config_file); config)
    policy::prune_revisions(config->state_directory, config->run_directory);
  return {};
}

}  // namespace nemoclaw::hooks
