#include "ctl/sandbox_upgrade.h"

#include <poll.h>

#include <chrono>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/control_client.h"
#include "ctl/sandboxes.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr auto kWait = std::chrono::seconds(15);  // a worker has ten to become ready
constexpr int kPauseMs = 20;

uint64_t upgrades_of(const SandboxView& view) {
  const json::Value* count = view.worker ? view.worker->find("upgrades") : nullptr;
  return count && count->type == json::Type::Integer ? count->magnitude : 0;
}

}  // namespace

Result<void> upgrade_sandbox(const std::string& sandbox_directory) {
  const size_t slash = sandbox_directory.rfind('/');
  const std::string run_directory = sandbox_directory.substr(0, slash),
                    id = sandbox_directory.substr(slash + 1);
  const SandboxView before = read_sandbox(run_directory, id);
  if (!before.proxy_alive) return make_error("the sandbox has no proxy that runs; restart its container");
  if (!before.worker)
    return make_error("its proxy is of a version that cannot be replaced; restart its container");
  TRY(ask_proxy(sandbox_directory, "upgrade"));
  const auto deadline = std::chrono::steady_clock::now() + kWait;
  while (std::chrono::steady_clock::now() < deadline) {
    const SandboxView now = read_sandbox(run_directory, id);
    if (now.worker && upgrades_of(now) != upgrades_of(before)) {
      const json::Value* outcome = now.worker->find("upgrade");
      if (outcome && outcome->string == "done") return {};
      return make_error((outcome ? outcome->string : "failed") + "; the old version goes on");
    }
    poll(nullptr, 0, kPauseMs);
  }
  return make_error("no answer within 15 seconds; see hook.log in " + sandbox_directory);
}

Result<int> upgrade_sandboxes(const Options& options) {
  const bool all = options.has("all");
  if (all ? !options.words().empty() : options.words().size() != 1)
    return make_error("sandbox upgrade takes one sandbox id, or --all");
  const policy::NodeConfig config = TRY(policy::load_node_config(options.value("config")));
  std::vector<std::string> names = list_directory(config.run_directory).value_or(std::vector<std::string>());
  if (!all) names = {TRY(resolve_name(names, options.words()[0]))};
  int code = kExitFine;
  for (const std::string& name : names) {
    const Result<void> done = upgrade_sandbox(config.run_directory + "/" + name);
    if (done) {
      std::printf("%s: upgraded\n", name.c_str());
      continue;
    }
    std::fprintf(stderr, "nemoclawctl: %s: %s\n", name.c_str(), done.error().message.c_str());
    code = kExitNo;
  }
  return code;
}

}  // namespace nemoclaw::ctl
