// What every other protection stands on: without namespaces of its own the container could see the proxy, or
// the fence would cut off the host.
#include "policy/compile/compilation.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

// Sysctls with which a container that the manager trusts could undo the fence; egress stays shut with the
// kernel's default.
// A socket that accepts one of the proxy's connections would take over its mark (tcp_fwmark_accept).
bool weakens_fence(std::string_view name) {
  if (!name.starts_with("net.") && !name.starts_with("net/")) return false;
  const std::string_view last = name.substr(name.find_last_of("./") + 1);
  return last == "route_localnet" || last == "tcp_fwmark_accept" || last == "fwmark_reflect";
}

Result<void> check_network(const Compilation& compilation) {
  const oci::Namespace* network = compilation.effective.spec.linux_.find_namespace("network");
  if (network != nullptr && !compilation.facts.network_is_host) return {};
  if (compilation.facts.allow_host_network) {
    compilation.note("network", "the host's network is shared and there is no egress control",
                     "node configuration");
    compilation.effective.protections.push_back(
        {"network", "none", "the container shares the host's network"});
    return {};
  }
  return make_error(
      "the container shares the host's network, where egress cannot be controlled without cutting off the "
      "host: remove "
      "--network host (hostNetwork: true in Kubernetes), or run it without a sandbox by --policy none");
}

Result<void> check_pid(const Compilation& compilation) {
  const oci::Namespace* pid = compilation.effective.spec.linux_.find_namespace("pid");
  if (pid != nullptr && !compilation.facts.pid_is_host) return {};
  return make_error(
      "the container shares the host's process ids, so that the agent could see the egress proxy and every "
      "other process: "
      "remove --pid host (hostPID: true in Kubernetes), or run it without a sandbox by --policy none");
}

void drop_sysctls(const Compilation& compilation) {
  oci::StringMap kept;
  for (auto& entry : compilation.effective.spec.linux_.sysctl) {
    if (weakens_fence(entry.first))
      compilation.note("network", "sysctl " + entry.first + " removed",
                       "it would open a way around the fence");
    else
      kept.push_back(std::move(entry));
  }
  compilation.effective.spec.linux_.sysctl = std::move(kept);
}

// Things that the manager chose and a policy has no words for, but that whoever reads the report must know.
void warn_of_mounts(const Compilation& compilation) {
  for (const oci::Mount& mount : compilation.effective.spec.mounts) {
    bool socket = mount.source.ends_with("/docker.sock") || mount.source.ends_with("/containerd.sock") ||
                  mount.source.ends_with("/podman.sock") || mount.source.ends_with("/crio.sock");
    if (socket)
      compilation.note("mounts",
                       "warning: " + mount.source + " of the host is mounted at " + mount.destination +
                           "; whoever may write to it controls the host",
                       "the manager's mounts");
  }
}

}  // namespace

Result<void> compile_namespaces(const Compilation& compilation) {
  const oci::Linux& linux_section = compilation.effective.spec.linux_;
  TRY(check_network(compilation));
  TRY(check_pid(compilation));
  if (linux_section.find_namespace("mount") == nullptr)
    return make_error(
        "linux.namespaces: no mount namespace; a sandbox cannot hide anything in the host's own, add one or "
        "use "
        "--policy none");
  if (linux_section.find_namespace("ipc") == nullptr)
    compilation.note("process", "warning: System V objects and message queues of the host are shared",
                     "the manager's spec");
  drop_sysctls(compilation);
  warn_of_mounts(compilation);
  return {};
}

}  // namespace nemoclaw::policy
