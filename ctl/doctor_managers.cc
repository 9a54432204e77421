#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/printable.h"
#include "runtime/base/child.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr const char* kRuntimeName = "nemoclaw";
constexpr const char* kRuntimeProgram = "nemoclaw-runtime";
constexpr const char* kDirectories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                        "/usr/bin",        "/sbin",          "/bin"};
constexpr int kVersionWaitMs = 3'000;

struct Manager {
  const char* name;
  const char* program;
  std::vector<std::string> arguments;
  const char* config;  // where a runtime is registered; "" if it needs none
};

std::string find_in_path(const std::string& program) {
  for (const char* directory : kDirectories) {
    const std::string path = std::string(directory) + "/" + program;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

std::string version_of(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<std::string> args = {path};
  args.insert(args.end(), arguments.begin(), arguments.end());
  const Result<ChildOutcome> outcome = run_child({.path = path,
                                                  .args = args,
                                                  .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"},
                                                  .timeout_ms = kVersionWaitMs});
  if (!outcome || !outcome->succeeded()) return "version unknown";
  return printable(outcome->stdout_text.substr(0, outcome->stdout_text.find('\n')), 120);
}

Check check_manager(const Manager& manager, const std::string& path) {
  Check check{"managers", manager.name, Finding::Info, version_of(path, manager.arguments), ""};
  if (manager.config[0] == '\0') return check;
  const Result<std::string> text = read_file(manager.config, size_t{4} << 20);
  const std::string config = text ? *text : "";
  const bool registered = std::string(manager.config).ends_with(".json") ? daemon_json_registers(config)
                                                                         : config_mentions_runtime(config);
  check.finding = registered ? Finding::Fine : Finding::Degraded;
  check.detail +=
      registered ? std::string("; runtime registered in ") + manager.config : "; runtime not registered";
  if (!registered) check.remedy = std::string("add the runtime '") + kRuntimeName + "' to " + manager.config;
  return check;
}

}  // namespace

bool daemon_json_registers(const std::string& text) {
  const Result<json::Value> root = json::parse(text);
  const json::Value* runtimes = root ? root->find("runtimes") : nullptr;
  return runtimes && runtimes->find(kRuntimeName);
}

bool config_mentions_runtime(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    const size_t first = line.find_first_not_of(" \t");
    if (first != line.npos && line[first] != '#' && line.find(kRuntimeProgram) != line.npos) return true;
  }
  return false;
}

Checks check_managers() {
  const Manager managers[] = {
      {"docker", "dockerd", {"--version"}, "/etc/docker/daemon.json"},
      {"containerd", "containerd", {"--version"}, "/etc/containerd/config.toml"},
      {"podman", "podman", {"--version"}, "/etc/containers/containers.conf"},
      {"cri-o", "crio", {"--version"}, "/etc/crio/crio.conf"},
      {"k3s", "k3s", {"--version"}, "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"},
      {"kubelet", "kubelet", {"--version"}, ""},
  };
  Checks checks;
  for (const Manager& manager : managers)
    if (const std::string path = find_in_path(manager.program); !path.empty())
      checks.push_back(check_manager(manager, path));
  if (checks.empty())
    checks.push_back({"managers", "none", Finding::Degraded, "no container manager was found",
                      "install Docker, containerd or Podman, or call nemoclaw-runtime directly"});
  return checks;
}

}  // namespace nemoclaw::ctl
