// The hooks that fence the network namespace and start the proxy. docs/sandbox.md describes the call.
#include "policy/compile/compilation.h"
#include "runtime/base/error.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

// The fence takes milliseconds and the proxy its readiness; a hook that hangs must not hang the manager for
// ever.
constexpr int hook_timeout_s = 30;

oci::Hook hook(const Facts& facts, const char* verb) {
  oci::Hook result;
  result.path = facts.hook_path;
  result.args = {"nemoclaw-hook", verb, "--sandbox-dir", facts.sandbox_directory};
  if (!facts.joined_sandbox.empty()) result.args.insert(result.args.end(), {"--container", facts.container_id});
  if (!facts.config_file.empty()) result.args.insert(result.args.end(), {"--config", facts.config_file});
  result.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  result.timeout = hook_timeout_s;
  return result;
}

// The proxy resolves names with what these say when the container starts. Docker keeps one file over restarts: what a
// sandboxed process wrote there would choose the proxy's name servers the next time.
void protect_resolver_files(const Compilation& compilation) {
  for (oci::Mount& mount : compilation.effective.spec.mounts) {
    const std::string destination = clean_path(mount.destination);
    if (destination != "/etc/resolv.conf" && destination != "/etc/hosts") continue;
    std::erase(mount.options, "rw");
    mount.options.push_back("ro");
    compilation.note("network", destination + " is read-only", "the proxy resolves names with it");
  }
}

}  // namespace

Result<void> compile_egress(const Compilation& compilation) {
  const Facts& facts = compilation.facts;
  const oci::Namespace* network = compilation.effective.spec.linux_.find_namespace("network");
  if (network == nullptr || facts.network_is_host)
    return {};  // allowed by the node's configuration, and reported
  if (facts.hook_path.empty())
    return make_error(
        "nemoclaw-hook was not found, and without it egress is not controlled: install it beside "
        "nemoclaw-runtime or in ../libexec/nemoclaw, set hook_path in the node's configuration, or use "
        "--policy none");
  if (facts.sandbox_directory.empty() || facts.container_id.empty())
    return make_error("the sandbox has no id or directory");
  oci::EffectiveSpec& effective = compilation.effective;
  const bool joins = !facts.joined_sandbox.empty();
  effective.sandbox_id = joins ? facts.joined_sandbox : facts.container_id;
  // Last, because Docker before 23 attaches the network in a prestart hook of its own.
  effective.spec.hooks.prestart.push_back(hook(facts, joins ? "join" : "start"));
  effective.spec.hooks.poststop.push_back(hook(facts, joins ? "leave" : "stop"));
  effective.protections.push_back({"network", "full", ""});
  protect_resolver_files(compilation);
  compile_trust(compilation);
  if (joins)
    compilation.note("network", "joins the fence and the proxy of sandbox " + facts.joined_sandbox,
                     "the container shares its network namespace");
  compilation.note("network",
                   "all egress goes through the proxy: " + std::to_string(compilation.policy.network.size()) +
                       (compilation.policy.network.size() == 1 ? " entry" : " entries") + " allow some",
                   "network_policies");
  return {};
}

}  // namespace nemoclaw::policy
