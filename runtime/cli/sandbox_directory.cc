#include "runtime/cli/sandbox_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/base/child.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/cli/sandbox_of.h"
#include "runtime/cli/trust_files.h"
#include "runtime/oci/container_file.h"

namespace nemoclaw::cli {

namespace {

// Where the managers say which image a container was made from; informational only.
constexpr const char* kImageAnnotations[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
                                             "org.opencontainers.image.ref.name"};

void run_hook(const std::string& hook_path, std::vector<std::string> arguments,
              const std::string& config_file) {
  ChildRequest request;
  request.path = hook_path;
  request.args = std::move(arguments);
  request.args.insert(request.args.begin(), hook_path);
  if (!config_file.empty()) request.args.insert(request.args.end(), {"--config", config_file});
  request.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  request.stdin_text = "{}";
  request.timeout_ms = 10'000;
  const Result<ChildOutcome> outcome = run_child(request);
  if (!outcome) log::debug("nemoclaw-hook: " + outcome.error().message);
}

Result<void> make_directory(const std::string& path, bool joins) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return errno_error("mkdir " + quoted(path));
  return make_error(
      "sandbox directory " + quoted(path) +
      " exists already: another runtime root uses this id, or a crash left it behind; remove it with "
      "'nemoclaw-hook " +
      (joins ? "leave' for that container" : "stop --sandbox-dir " + path + "'"));
}

}  // namespace

oci::SandboxRecord make_sandbox_record(const SandboxInput& input, const oci::Spec& spec,
                                       const oci::StateRecord& state) {
  oci::SandboxRecord record;
  record.id = state.sandbox_id;
  record.created = state.created;
  record.container_ids = {state.id};
  record.runtime_root = input.runtime_root;
  record.bundle = state.bundle;
  record.rootfs = state.rootfs;
  record.hostname = spec.hostname;
  for (const char* name : kImageAnnotations)
    if (const std::string* image = spec.find_annotation(name); image && record.image.empty())
      record.image = *image;
  record.policy = input.selected->policy.name;
  record.policy_digest = input.selected->policy.digest;
  record.policy_file = input.selected->file;
  if (const auto& ceiling = input.selected->policy.ceiling) {
    record.ceiling = ceiling->policy.name;
    record.ceiling_digest = ceiling->policy.digest;
  }
  record.cgroups = state.cgroup_paths;
  record.log_directory = input.config->log_directory + "/" + state.sandbox_id;
  record.resolv_conf = oci::mounted_file(spec, state.bundle, "/etc/resolv.conf");
  record.hosts = oci::mounted_file(spec, state.bundle, "/etc/hosts");
  record.config_file = input.config_file;
  record.pod = is_of_a_pod(spec);
  return record;
}

Result<SandboxDirectory> SandboxDirectory::create(const SandboxInput& input, const oci::Spec& spec,
                                                  const oci::StateRecord& state) {
  TRY_CONTEXT(make_directories(input.config->run_directory, 0711), "run_directory");
  const bool joins = state.sandbox_id != state.id;
  const std::string sandbox = input.config->run_directory + "/" + state.sandbox_id;
  std::string path = sandbox;
  if (joins) {
    // The sandbox directory itself is not made here: one that is gone has no proxy to join.
    if (mkdir((sandbox + "/containers").c_str(), 0700) != 0 && errno != EEXIST)
      return errno_error("sandbox " + quoted(sandbox));
    path += "/containers/" + state.id;
  }
  TRY(make_directory(path, joins));
  SandboxDirectory directory(path, joins ? sandbox : "",
                             policy::find_program(input.config->hook_path, "nemoclaw-hook").value_or(""),
                             input.config_file);
  const oci::SandboxRecord record = make_sandbox_record(input, spec, state);
  TRY(write_file_atomic(path + "/policy.yaml", input.selected->text, 0600));
  if (!record.ceiling_digest.empty())
    TRY(write_file_atomic(path + "/ceiling.yaml", input.selected->ceiling_text, 0600));
  TRY(write_file_atomic(path + "/sandbox.json", oci::encode_sandbox_record(record), 0600));
  TRY(write_trust_files(sandbox, state.id, spec, state.rootfs));
  const std::string link = input.runtime_root + "/" + state.id + "/" + kSandboxLink;
  if (symlink(path.c_str(), link.c_str()) != 0) return errno_error("link " + quoted(link));
  return directory;
}

SandboxDirectory::SandboxDirectory(SandboxDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")),
      joined_(std::move(other.joined_)),
      hook_path_(std::move(other.hook_path_)),
      config_file_(std::move(other.config_file_)) {}

SandboxDirectory::~SandboxDirectory() {
  if (path_.empty()) return;
  // The poststop hook has usually done this; not when the create failed before its hooks or the hook was
  // killed.
  const std::string name(base_name(path_));
  if (!hook_path_.empty() && !joined_.empty())
    run_hook(hook_path_, {"leave", "--sandbox-dir", joined_, "--container", name}, config_file_);
  else if (!hook_path_.empty() && file_exists(path_ + "/proxy.json"))
    run_hook(hook_path_, {"stop", "--sandbox-dir", path_}, config_file_);
  static_cast<void>(remove_tree(path_));
}

}  // namespace nemoclaw::cli
