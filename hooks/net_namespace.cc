#include "hooks/net_namespace.h"

#include <sched.h>
#include <sys/stat.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::hooks {
namespace {

// The path of the network namespace in config.json; empty when the container has one of its own.
std::string network_path(const json::Value& config) {
  const json::Value* linux_section = config.find("linux");
  const json::Value* namespaces = linux_section ? linux_section->find("namespaces") : nullptr;
  if (!namespaces) return "";
  for (const json::Value& each : namespaces->array) {
    const json::Value* type = each.find("type");
    const json::Value* path = each.find("path");
    if (type && type->string == "network" && path) return path->string;
  }
  return "";
}

}  // namespace

Result<NetNamespace> open_net_namespace(pid_t pid) {
  return open_net_namespace_at(pid == 0 ? "/proc/self/ns/net" : format("/proc/%d/ns/net", pid));
}

Result<NetNamespace> open_net_namespace_at(const std::string& path) {
  NetNamespace opened;
  opened.fd = TRY(open_file(path, O_RDONLY));
  struct stat info {};
  if (fstat(opened.fd.raw(), &info) != 0) return errno_error("fstat " + path);
  opened.identity = format("%llu:%llu", static_cast<unsigned long long>(info.st_dev),
                           static_cast<unsigned long long>(info.st_ino));
  return opened;
}

Result<void> refuse_host_namespace(const NetNamespace& container) {
  for (const pid_t pid : {0, 1}) {
    const Result<NetNamespace> host = open_net_namespace(pid);
    // A node inside a container or a microVM may hide pid 1 even from root; our own namespace is then the
    // node's.
    if (!host && pid == 1 && (host.error().errno_value == EACCES || host.error().errno_value == EPERM))
      continue;
    if (!host) return host.error();
    if (host->identity == container.identity)
      return make_error(
          "the container uses the network of the host, where its egress cannot be controlled: leave out "
          "'--network host' "
          "(Kubernetes: hostNetwork), or run it without a policy (--policy none)");
  }
  return {};
}

Result<std::string> network_namespace_path(const std::string& bundle) {
  if (bundle.empty()) return std::string();
  const std::string text = TRY(read_file(bundle + "/config.json", size_t{16} << 20));
  const json::Value config = TRY_CONTEXT(json::parse(text), bundle + "/config.json");
  return network_path(config);
}

Result<void> refuse_foreign_namespace(const std::string& bundle) {
  const std::string path = TRY(network_namespace_path(bundle));
  // Managers that prepare a network bind it below /run; a path in /proc is another container's process.
  if (path.rfind("/proc/", 0) != 0) return {};
  return make_error(
      "the container joins the network of another container that has no NemoClaw sandbox (" + quoted(path) +
      "): start that container with the NemoClaw runtime too, or give this one a network of its own");
}

Result<void> enter_net_namespace(const NetNamespace& container) {
  if (setns(container.fd.raw(), CLONE_NEWNET) != 0)
    return errno_error("enter the container's network namespace");
  return {};
}

}  // namespace nemoclaw::hooks
