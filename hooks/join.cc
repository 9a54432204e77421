#include "hooks/join.h"

#include <cerrno>

#include "hooks/connect_hook.h"
#include "hooks/fence_apply.h"
#include "hooks/launch_proxy.h"
#include "hooks/net_namespace.h"
#include "hooks/proxy_cgroup.h"
#include "hooks/run_lock.h"
#include "hooks/sandbox_fence.h"
#include "policy/select/select.h"
#include "runtime/base/child.h"
#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"
#include "runtime/oci/control_request.h"
#include "runtime/oci/namespace_record.h"
#include "runtime/oci/proxy_record.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::hooks {

namespace {

constexpr int kPinTimeoutMs = 20'000;

Result<policy::NodeConfig> node_config(const HookOptions& options) {
  std::optional<std::string> file = options.config_file;
  const Result<oci::SandboxRecord> record = oci::read_sandbox_record(options.sandbox_directory);
  if (!file && record && !record->config_file.empty()) file = record->config_file;
  return policy::load_node_config(file);
}

// The namespace that the sandbox fenced, and not one that was put in its place since the spec was read.
Result<void> check_namespace(const HookOptions& options, const NetNamespace& network) {
  const std::optional<oci::ProxyRecord> proxy = TRY(oci::read_proxy_record(options.sandbox_directory));
  if (!proxy || !procfs::is_alive(proxy->pid, proxy->start_time))
    return make_error("the sandbox " + options.sandbox_directory +
                      " has no proxy any more: nothing may join it");
  if (proxy->net_namespace != network.identity)
    return make_error("the container's network namespace is not the one that sandbox " +
                      options.sandbox_directory + " fences");
  return {};
}

// Hashes the binaries that the container's policy names; the program of the proxy's worker does it, as root
// and before the container's first instruction.
Result<void> pin_binaries(const policy::NodeConfig& config, const std::string& directory) {
  ChildRequest request;
  request.path = TRY(policy::find_program(config.proxy_path, "nemoclaw-proxy")) + "-worker";
  request.args = {request.path, "--pin-binaries", directory};
  request.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  request.timeout_ms = kPinTimeoutMs;
  const ChildOutcome outcome = TRY(run_child(request));
  if (outcome.succeeded()) return {};
  return make_error("the binaries that the policy names could not be hashed: " +
                    quoted(outcome.stderr_text, 1024));
}

// Replaces the table in one transaction; connections that stand go on.
Result<void> renew_fence(const HookOptions& options, const policy::NodeConfig& config, FdRef log) {
  const FencePlan plan = TRY(plan_sandbox_fence(options.sandbox_directory, config));
  Netlink nft = TRY(open_nftables());
  if (!fence_exists(nft)) return make_error("the fence of sandbox " + options.sandbox_directory + " is gone");
  const LoadedFence loaded = TRY(apply_fence(nft, plan));
  if (!loaded.warning.empty()) log_line(log, loaded.warning);
  return write_file_atomic(options.sandbox_directory + "/fence.nft", loaded.ruleset, 0600);
}

void watch_connects(const HookOptions& options, const oci::SandboxRecord& container, FdRef log) {
  const Result<std::optional<oci::ProxyRecord>> proxy = oci::read_proxy_record(options.sandbox_directory);
  if (!proxy || !proxy->has_value() || (*proxy)->connects == 0) return;
  const Result<void> extended = extend_connect_hook((*proxy)->connects, container.cgroups);
  if (!extended)
    log_line(log, "callers in " + *options.container + " are found by searching its processes: " +
                      extended.error().message);
}

Result<void> join(const HookOptions& options, const HookState& state, FdRef log) {
  const policy::NodeConfig config = TRY(node_config(options));
  const std::string directory = container_directory(options.sandbox_directory, *options.container);
  const oci::SandboxRecord record = TRY_CONTEXT(oci::read_sandbox_record(directory), "container record");
  TRY(refuse_container_cgroup(record.cgroups));
  const NetNamespace network =
      TRY_CONTEXT(open_net_namespace(state.pid), "the container's network namespace");
  TRY(refuse_host_namespace(network));
  const oci::NamespaceRecord namespaces = TRY(oci::namespaces_of_process(state.pid));
  TRY(oci::write_namespace_record(directory, namespaces));
  TRY(pin_binaries(config, directory));
  const Fd lock = TRY(lock_run_directory(options.sandbox_directory, RunLock::Exclusive));
  TRY(check_namespace(options, network));
  const NetNamespace own = TRY(open_net_namespace(0));
  TRY(enter_net_namespace(network));
  TRY(renew_fence(options, config, log));
  TRY(enter_net_namespace(own));
  watch_connects(options, record, log);
  TRY_CONTEXT(oci::ask_sandbox_proxy(options.sandbox_directory,
                                     oci::encode_container_request("join", *options.container)),
              "the sandbox's proxy did not take the container's policy");
  return {};
}

// The rules that only the leaving container's policy wanted. Best effort: what stays open is a port that
// nobody serves.
Result<void> withdraw(const HookOptions& options, FdRef log) {
  const std::optional<oci::ProxyRecord> proxy = TRY(oci::read_proxy_record(options.sandbox_directory));
  if (!proxy || !procfs::is_alive(proxy->pid, proxy->start_time)) return {};
  const NetNamespace network = TRY(open_net_namespace(proxy->pid));
  if (network.identity != proxy->net_namespace) return {};
  const policy::NodeConfig config = TRY(node_config(options));
  TRY(enter_net_namespace(network));
  return renew_fence(options, config, log);
}

}  // namespace

Result<void> run_join(const HookOptions& options, const HookState& state) {
  if (state.pid <= 0) return make_error("container state on stdin: pid: the container has no process");
  const Fd log = TRY(open_hook_log(options.sandbox_directory));
  Result<void> done = join(options, state, log);
  if (!done) log_line(log, "join of " + *options.container + ": " + done.error().message);
  return done;
}

Result<void> run_leave(const HookOptions& options) {
  const Result<Fd> log = open_hook_log(options.sandbox_directory);
  if (!log) return log.error().errno_value == ENOENT ? Result<void>() : log.error();
  const std::string directory = container_directory(options.sandbox_directory, *options.container);
  if (!file_exists(directory)) return {};
  const Result<json::Value> told = oci::ask_sandbox_proxy(
      options.sandbox_directory, oci::encode_container_request("leave", *options.container));
  if (!told) log_line(*log, "leave of " + *options.container + ": " + told.error().message);
  TRY(remove_tree(options.sandbox_directory + "/trust/" + *options.container));
  TRY(remove_tree(directory));
  const Fd lock = TRY(lock_run_directory(options.sandbox_directory, RunLock::Exclusive));
  const Result<void> withdrawn = withdraw(options, *log);
  if (!withdrawn) log_line(*log, "leave of " + *options.container + ": " + withdrawn.error().message);
  return {};
}

}  // namespace nemoclaw::hooks
