#include "hooks/attach.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "hooks/join.h"
#include "hooks/launch_proxy.h"
#include "hooks/net_namespace.h"
#include "hooks/sandbox_fence.h"
#include "hooks/start.h"
#include "hooks/stop.h"
#include "policy/select/container_facts.h"
#include "policy/select/select.h"
#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/oci/container_file.h"
#include "runtime/oci/control_request.h"
#include "runtime/oci/proxy_record.h"
#include "runtime/oci/sandbox_record.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::hooks {

namespace {

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";
constexpr const char* kNotEnforced =
    "this container was started by a runtime that is not nemoclaw-runtime: the policy's network section is "
    "enforced, and "
    "filesystem_policy, process, capabilities, seccomp, limits and the sandbox's certificate authority are "
    "not";

// Whoever has one of these could mark packets as the proxy does, change the fence, leave its namespace, or
// have /proc say that another program is calling.
constexpr const char* kForbidden[] = {
    "CAP_NET_ADMIN",   "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_SYS_MODULE",      "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",   "CAP_BPF",     "CAP_PERFMON",   "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE",
    "CAP_SYS_RESOURCE"};

bool contains(const oci::Strings& list, const char* wanted) {
  for (const std::string& each : list)
    if (each == wanted) return true;
  return false;
}

bool has_unified_hierarchy() {
  struct statfs info {};
  return statfs(kCgroupRoot, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

// All its members live in the container's network namespace: else the cgroup is not the container's own.
bool is_own_cgroup(const std::string& directory, const std::string& network) {
  const Result<std::string> procs = read_file(directory + "/cgroup.procs", size_t{1} << 20);
  if (!procs || procs->empty()) return false;
  for (size_t at = 0; at < procs->size();) {
    const size_t end = std::min(procs->find('\n', at), procs->size());
    const Result<std::string> other =
        oci::namespace_identity("/proc/" + procs->substr(at, end - at) + "/ns/net");
    if (!other || *other != network) return false;
    at = end + 1;
  }
  return true;
}

Result<oci::Strings> own_cgroups(const HookState& state, const std::string& network) {
  const std::string text = TRY(read_file(format("/proc/%d/cgroup", state.pid), 65536));
  oci::Strings own;
  for (std::string& directory : cgroup_directories(text, has_unified_hierarchy()))
    if (is_own_cgroup(directory, network)) own.push_back(std::move(directory));
  if (!own.empty()) return own;
  return make_error(
      "the container has no cgroup of its own, so that its processes cannot be told from others: "
      "leave out --cgroups=disabled");
}

struct Attachment {
  policy::NodeConfig config;
  oci::Spec spec;
  std::string directory;  // of the sandbox
  std::string own;        // of this container: the same, or containers/<id> in it
  oci::SandboxRecord record;
};

oci::SandboxRecord make_record(const Attachment& attachment, const HookState& state,
                               const policy::Selected& selected,
                               const std::optional<std::string>& config_file) {
  oci::SandboxRecord record;
  record.id = std::string(base_name(attachment.directory));
  record.created = log::now_rfc3339();
  record.container_ids = {state.id};
  record.bundle = state.bundle;
  record.rootfs = absolute_path(state.bundle, attachment.spec.root.path);
  record.hostname = attachment.spec.hostname;
  record.policy = selected.policy.name;
  record.policy_digest = selected.policy.digest;
  record.policy_file = selected.file;
  if (const auto& ceiling = selected.policy.ceiling) {
    record.ceiling = ceiling->policy.name;
    record.ceiling_digest = ceiling->policy.digest;
  }
  record.log_directory = attachment.config.log_directory + "/" + record.id;
  record.resolv_conf = oci::mounted_file(attachment.spec, state.bundle, "/etc/resolv.conf");
  record.hosts = oci::mounted_file(attachment.spec, state.bundle, "/etc/hosts");
  record.config_file = config_file.value_or("");
  const Result<policy::ContainerFacts> facts = policy::container_facts(attachment.spec);
  record.pod = facts && facts->kubernetes;
  return record;
}

Result<void> tell_start(const Attachment& attachment, const std::string& container) {
  const oci::SandboxRecord& record = attachment.record;
  json::Writer writer;
  writer.begin_object().member("op", "start");
  if (!container.empty()) writer.member("container", container);
  writer.member("resolv_conf",
                TRY(oci::read_container_file(record.resolv_conf, record.rootfs, "/etc/resolv.conf")));
  writer.member("hosts", TRY(oci::read_container_file(record.hosts, record.rootfs, "/etc/hosts")))
      .end_object();
  TRY_CONTEXT(oci::ask_sandbox_proxy(attachment.directory, writer.take()), "the sandbox's proxy");
  return {};
}

Result<void> make_own_directory(const Attachment& attachment) {
  TRY_CONTEXT(make_directories(std::string(directory_name(attachment.own)), 0711), "run_directory");
  if (mkdir(attachment.own.c_str(), 0700) != 0)
    return errno_error("sandbox directory " + quoted(attachment.own));
  return {};
}

Result<void> write_files(const Attachment& attachment, const policy::Selected& selected) {
  TRY(write_file_atomic(attachment.own + "/policy.yaml", selected.text, 0600));
  if (!attachment.record.ceiling_digest.empty())
    TRY(write_file_atomic(attachment.own + "/ceiling.yaml", selected.ceiling_text, 0600));
  TRY(write_file_atomic(attachment.own + "/sandbox.json", oci::encode_sandbox_record(attachment.record),
                        0600));
  TRY(write_file_atomic(attachment.own + "/not-enforced", std::string(kNotEnforced) + "\n", 0600));
  const Fd log = TRY(open_hook_log(attachment.directory));
  log_line(log, attachment.record.container_ids[0] + ": " + kNotEnforced);
  std::fprintf(stderr, "nemoclaw-hook attach: container %s: %s\n", attachment.record.container_ids[0].c_str(),
               kNotEnforced);
  return {};
}

}  // namespace

Result<void> check_foreign_spec(const oci::Spec& spec) {
  const oci::Namespace* network = spec.linux_.find_namespace("network");
  const oci::Namespace* pid = spec.linux_.find_namespace("pid");
  if (!network)
    return make_error("the container shares the host's network, where its egress cannot be controlled");
  if (!pid)
    return make_error(
        "the container shares the host's process ids and could see its proxy: remove --pid host");
  if (!spec.process || !spec.process->capabilities) return {};
  const oci::Capabilities& sets = *spec.process->capabilities;
  for (const char* each : kForbidden)
    for (const oci::Strings* set :
         {&sets.bounding, &sets.effective, &sets.inheritable, &sets.permitted, &sets.ambient})
      if (contains(*set, each))
        return make_error(
            std::string("the container has ") + each +
            ", with which it could get past the fence: drop it (--cap-drop), or use nemoclaw-runtime, "
            "which drops it itself");
  return {};
}

std::vector<std::string> cgroup_directories(std::string_view text, bool unified) {
  std::vector<std::string> directories;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos || line.size() <= second + 2)
      continue;  // the root of a hierarchy belongs to nobody
    std::string hierarchy(line.substr(first + 1, second - first - 1));
    if (hierarchy.starts_with("name=")) hierarchy.erase(0, 5);
    if (hierarchy.empty() && !unified) hierarchy = "unified";
    std::string directory = kCgroupRoot;
    if (!hierarchy.empty()) directory += "/" + hierarchy;
    directories.push_back(directory + std::string(line.substr(second + 1)));
  }
  return directories;
}

Result<void> run_attach(const std::optional<std::string>& config_file, const HookState& state) {
  if (state.pid <= 0) return make_error("container state on stdin: pid: the container has no process");
  Attachment attachment;
  attachment.config = TRY(policy::load_node_config(config_file));
  attachment.spec = TRY(oci::read_spec(state.bundle));
  TRY(check_foreign_spec(attachment.spec));
  const NetNamespace network =
      TRY_CONTEXT(open_net_namespace(state.pid), "the container's network namespace");
  TRY(refuse_host_namespace(network));
  const std::optional<policy::Selected> selected =
      TRY(policy::select_policy(attachment.config, std::nullopt, attachment.spec));
  if (!selected) return {};
  const std::string joined = oci::find_live_sandbox(attachment.config.run_directory, network.identity);
  attachment.directory = attachment.config.run_directory + "/" + (joined.empty() ? state.id : joined);
  attachment.own =
      joined.empty() ? attachment.directory : container_directory(attachment.directory, state.id);
  attachment.record = make_record(attachment, state, *selected, config_file);
  attachment.record.cgroups = TRY(own_cgroups(state, network.identity));
  TRY(make_own_directory(attachment));
  Defer remove_directory([&] { (void)run_detach(config_file, state); });
  TRY(write_files(attachment, *selected));
  HookOptions options{attachment.directory, config_file, {}};
  if (!joined.empty()) options.container = state.id;
  TRY(joined.empty() ? run_start(options, state) : run_join(options, state));
  TRY(tell_start(attachment, joined.empty() ? "" : state.id));
  remove_directory.dismiss();
  return {};
}

Result<void> run_detach(const std::optional<std::string>& config_file, const HookState& state) {
  const policy::NodeConfig config = TRY(policy::load_node_config(config_file));
  const std::string own = config.run_directory + "/" + state.id;
  if (file_exists(own)) return run_stop(HookOptions{own, config_file, {}});
  const Result<std::vector<std::string>> sandboxes = list_directory(config.run_directory);
  if (!sandboxes) return {};
  for (const std::string& name : *sandboxes)
    if (file_exists(container_directory(config.run_directory + "/" + name, state.id)))
      return run_leave(HookOptions{config.run_directory + "/" + name, config_file, state.id});
  return {};
}

}  // namespace nemoclaw::hooks
