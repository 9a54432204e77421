#include "hooks/start.h"

#include <unistd.h>

#include <thread>

#include "hooks/connect_hook.h"
#include "hooks/fence_apply.h"
#include "hooks/fence_plan.h"
#include "hooks/fence_probe.h"
#include "hooks/launch_proxy.h"
#include "hooks/net_namespace.h"
#include "hooks/node_addresses.h"
#include "hooks/proxy_cgroup.h"
#include "hooks/run_lock.h"
#include "hooks/sandbox_fence.h"
#include "policy/select/select.h"
#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/oci/namespace_record.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::hooks {
namespace {

// Everything that is read from files, before anything is changed.
struct Inputs {
  oci::SandboxRecord record;
  FencePlan fence;
  LaunchPlan launch;
  bool wants_connect_hook = true;
};

// In the directory of this sandbox alone: two sandboxes in one file would break each other's chain.
std::string audit_file(const oci::SandboxRecord& record) {
  const std::string directory = clean_path(record.log_directory);
  return (base_name(directory) == record.id ? directory : directory + "/" + record.id) + "/audit.jsonl";
}

Result<Inputs> read_inputs(const HookOptions& options) {
  Inputs inputs;
  inputs.record = TRY_CONTEXT(oci::read_sandbox_record(options.sandbox_directory), "sandbox record");
  std::optional<std::string> config_file = options.config_file;
  if (!config_file && !inputs.record.config_file.empty()) config_file = inputs.record.config_file;
  const policy::NodeConfig config = TRY(policy::load_node_config(config_file));
  inputs.fence = TRY(plan_sandbox_fence(options.sandbox_directory, config));
  inputs.wants_connect_hook = config.connect_hook;
  inputs.launch.program = TRY(policy::find_program(config.proxy_path, "nemoclaw-proxy"));
  inputs.launch.sandbox_directory = options.sandbox_directory;
  inputs.launch.config_file = config_file.value_or("");
  inputs.launch.audit_file = audit_file(inputs.record);
  inputs.launch.user = TRY(find_proxy_user(config.proxy_user));
  return inputs;
}

// An earlier run of the same sandbox may have left its proxy (a restart); it would hold the ports.
Result<void> stop_predecessor(const std::string& sandbox_directory) {
  const Result<std::optional<ProxyRecord>> earlier = oci::read_proxy_record(sandbox_directory);
  if (!earlier || !earlier->has_value()) return {};
  stop_proxy(**earlier);
  remove_proxy_cgroup((*earlier)->cgroups);
  return {};
}

// A table of ours that is there already is either left over (this sandbox restarts, or its predecessor ended
// without stop) or belongs to a sandbox that lives.
Result<void> refuse_shared_namespace(const HookOptions& options, const NetNamespace& network) {
  const std::string other =
      oci::find_live_sandbox(std::string(directory_name(options.sandbox_directory)), network.identity);
  if (other.empty()) return {};
  return make_error("the network of the container got another sandbox, '" + other +
                    "', while this one was made: create it again to join that");
}

// Beside the fence, because loading takes milliseconds. Nothing that has to be there: what is missing makes the proxy
// slower, and is said.
class ConnectWatch {
 public:
  explicit ConnectWatch(const Inputs& inputs) {
    if (inputs.wants_connect_hook)
      loading_ = std::thread([this, &inputs] { hook_ = make_connect_hook(inputs.record.cgroups); });
  }
  ~ConnectWatch() {
    if (loading_.joinable()) loading_.join();
  }
  ConnectHook take(FdRef log) {
    if (!loading_.joinable()) return {};
    loading_.join();
    if (hook_) return std::move(*hook_);
    log_line(log, "callers are found by searching the container's processes: " + hook_.error().message);
    return {};
  }

 private:
  std::thread loading_;
  Result<ConnectHook> hook_ = ConnectHook();
};

Result<void> fence_and_prove(Netlink& nft, const Inputs& inputs, const std::string& directory, FdRef log) {
  const LoadedFence loaded = TRY(apply_fence(nft, inputs.fence));
  if (!loaded.warning.empty()) log_line(log, loaded.warning);
  TRY(write_file_atomic(directory + "/fence.nft", loaded.ruleset, 0600));
  return probe_fence();
}

Result<void> start_in_namespace(const HookOptions& options, const HookState& state, Inputs& inputs,
                                const NetNamespace& network, FdRef log) {
  const std::string& directory = options.sandbox_directory;
  const NetNamespace host_network = TRY_CONTEXT(open_net_namespace(0), "the host's network namespace");
  const Fd lock = TRY(lock_run_directory(directory, RunLock::Shared));
  TRY(enter_net_namespace(network));
  const ProxyCgroup cgroup = make_proxy_cgroup(inputs.record.id);
  Defer remove_cgroup([&] { remove_proxy_cgroup(cgroup.directories); });
  if (!cgroup.warning.empty()) log_line(log, "the proxy's cgroup: " + cgroup.warning);
  inputs.launch.cgroups = cgroup.directories;
  ProxyLaunch launch = TRY(ProxyLaunch::begin(inputs.launch, host_network.fd, log));
  ConnectWatch watch(inputs);
  Netlink nft = TRY(open_nftables());
  const bool fenced_before = fence_exists(nft);
  if (fenced_before) TRY(refuse_shared_namespace(options, network));
  TRY(refuse_foreign_namespace(state.bundle));
  Defer remove_table([&] {
    // A table that was there before stays: without it, what already runs in the namespace would be free.
    if (!fenced_before) remove_fence(nft);
  });
  TRY(fence_and_prove(nft, inputs, directory, log));
  ProxyRecord proxy = TRY(launch.record());
  const ConnectHook connects = watch.take(log);
  proxy.net_namespace = network.identity;
  proxy.fence = "proven";
  proxy.connects = connects.map;
  // Before the proxy is executed: `stop` finds it even if this hook is killed while it waits.
  TRY(oci::write_proxy_record(directory, proxy));
  Defer remove_record([&] { (void)unlink((directory + "/proxy.json").c_str()); });
  TRY(launch.finish(connects.look));
  remove_record.dismiss();
  remove_cgroup.dismiss();
  remove_table.dismiss();
  return {};
}

}  // namespace

Result<void> run_start(const HookOptions& options, const HookState& state) {
  if (state.pid <= 0) return make_error("container state on stdin: pid: the container has no process");
  const Fd log = TRY(open_hook_log(options.sandbox_directory));
  const auto run = [&]() -> Result<void> {
    const std::string addresses = TRY(list_node_addresses());
    TRY(write_file_atomic(options.sandbox_directory + "/node-addresses", addresses, 0600));
    Inputs inputs = TRY(read_inputs(options));
    TRY(refuse_container_cgroup(inputs.record.cgroups));
    const NetNamespace network =
        TRY_CONTEXT(open_net_namespace(state.pid), "the container's network namespace");
    TRY(refuse_host_namespace(network));
    const oci::NamespaceRecord namespaces = TRY(oci::namespaces_of_process(state.pid));
    TRY(oci::write_namespace_record(options.sandbox_directory, namespaces));
    TRY(stop_predecessor(options.sandbox_directory));
    return start_in_namespace(options, state, inputs, network, log);
  };
  Result<void> done = run();
  if (!done) log_line(log, done.error().message);
  return done;
}

}  // namespace nemoclaw::hooks
