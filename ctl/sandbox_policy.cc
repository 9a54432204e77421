#include "ctl/sandbox_policy.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "ctl/control_client.h"
#include "ctl/sandboxes.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/sha256.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kPolicyBytesMax = size_t{1} << 20;
constexpr int kAnswerSeconds = 20;

// While it exists, the container does: Docker's and CRI's directory with its resolv.conf, else its bundle.
std::string anchor_of(const oci::SandboxRecord& record) {
  return record.resolv_conf.empty() ? record.bundle : std::string(directory_name(record.resolv_conf));
}

Result<policy::Revision> created_with(const SandboxPolicies& policies) {
  policy::Revision first;
  first.number = 1;
  first.name = policies.record.policy;
  first.author = "create";
  first.reason = "the container was created";
  first.time = policies.record.created;
  first.text = TRY(read_file(policies.container_directory + "/policy.yaml", kPolicyBytesMax));
  first.digest = "sha256:" + sha256_hex(first.text);
  first.current = true;
  return first;
}

// Where a name leads inside the image; a name that leads nowhere is left out, and one that is no link, too.
void write_aliases(json::Writer& writer, const SandboxPolicies& policies,
                   const std::vector<std::string>& names) {
  writer.key("aliases").begin_array();
  const Result<Fd> root = open_file(policies.record.rootfs, O_PATH | O_DIRECTORY);
  for (const std::string& name : names) {
    if (!root) break;
    const Result<Fd> file = open_in_root(*root, name, O_PATH);
    const Result<std::string> path = file ? real_path_of(*file) : Result<std::string>(file.error());
    if (!path || !path_is_below(*path, policies.record.rootfs)) continue;
    const std::string resolved = path->substr(policies.record.rootfs.size());
    if (resolved != name)
      writer.begin_object().member("named", name).member("resolved", resolved).end_object();
  }
  writer.end_array();
}

std::string render_request(const SandboxPolicies& policies, const NewPolicy& wanted,
                           const policy::Revision& revision) {
  json::Writer writer;
  writer.begin_object().member("op", "policy_set").member("text", wanted.text).member("name", wanted.name);
  writer.member("revision", revision.number)
      .member("author", revision.author)
      .member("reason", revision.reason);
  writer.member("container", policies.container).member("dry_run", wanted.dry_run);
  write_aliases(writer, policies, wanted.named_binaries);
  return writer.end_object().take();
}

uint64_t number_of(const json::Value& answer, std::string_view key) {
  const json::Value* value = answer.find(key);
  return value && value->type == json::Type::Integer ? value->magnitude : 0;
}

// A program that was ended after its policy came into force, and before it was written down that it did.
Result<void> finish_interrupted(const SandboxPolicies& policies) {
  if (policies.container_directory != policies.sandbox_directory) return {};
  const Result<json::Value> status = ask_proxy(policies.sandbox_directory, "status");
  if (!status) return {};  // what asks next will say so
  const uint64_t in_force = number_of(*status, "revision");
  const auto current = TRY(policy::read_current_revision(policies.files));
  if (in_force <= (current ? current->number : 1) || !policy::read_revision(policies.files, in_force))
    return {};
  return policy::make_current(policies.files, in_force);
}

}  // namespace

Result<SandboxPolicies> open_policies(const std::string& word, const std::string& container,
                                      const std::optional<std::string>& config) {
  SandboxPolicies policies;
  policies.config = TRY(policy::load_node_config(config));
  policy::prune_revisions(policies.config.state_directory, policies.config.run_directory);
  const std::vector<std::string> names =
      list_directory(policies.config.run_directory).value_or(std::vector<std::string>());
  policies.sandbox_directory = policies.config.run_directory + "/" + TRY(resolve_name(names, word));
  policies.container_directory = policies.sandbox_directory;
  if (!container.empty()) {
    const std::string joined = policies.sandbox_directory + "/containers";
    const std::vector<std::string> ids = list_directory(joined).value_or(std::vector<std::string>());
    policies.container_directory = joined + "/" + TRY(resolve_name(ids, container));
  }
  policies.record = TRY(oci::read_sandbox_record(policies.container_directory));
  policies.container =
      policies.record.container_ids.empty() ? policies.record.id : policies.record.container_ids.front();
  policies.files = policy::revisions_directory(policies.config.state_directory, policies.container);
  return policies;
}

Result<std::vector<policy::Revision>> all_revisions(const SandboxPolicies& policies) {
  std::vector<policy::Revision> revisions = TRY(policy::read_revisions(policies.files));
  if (revisions.empty()) revisions.push_back(TRY(created_with(policies)));
  return revisions;
}

Result<InForce> put_in_force(const SandboxPolicies& policies, const NewPolicy& wanted) {
  const Fd lock = TRY(policy::lock_revisions(policies.files));
  TRY(finish_interrupted(policies));
  const std::vector<policy::Revision> known = TRY(all_revisions(policies));
  policy::Revision revision;
  revision.number = known.back().number + 1;
  revision.name = wanted.name;
  revision.digest = wanted.digest;
  revision.author = operator_name();
  revision.reason = wanted.reason;
  revision.time = log::now_rfc3339();
  revision.text = wanted.text;
  if (!wanted.dry_run) {
    TRY(policy::write_anchor(policies.files, {anchor_of(policies.record)}));
    if (known.size() == 1 && known[0].number == 1) TRY(policy::write_revision(policies.files, known[0]));
    // Before it is in force: a worker that crashes right afterwards reads it there.
    TRY(policy::write_revision(policies.files, revision));
  }
  const Result<json::Value> answer = request_of_proxy(
      policies.sandbox_directory, render_request(policies, wanted, revision), kAnswerSeconds);
  if (!answer) {
    if (!wanted.dry_run) policy::remove_revision(policies.files, revision.number);
    return answer.error();
  }
  if (!wanted.dry_run)
    TRY_CONTEXT(policy::make_current(policies.files, revision.number),
                "the policy is in force, but will not be after a restart of the container");
  return InForce{revision.number, number_of(*answer, "generation"), number_of(*answer, "closed"),
                 wanted.digest};
}

std::string operator_name() {
  if (const char* sudo = std::getenv("SUDO_USER"); sudo && *sudo) return std::string(sudo).substr(0, 128);
  const std::string login = read_file("/proc/self/loginuid", 64).value_or("");
  const unsigned long number = std::strtoul(login.c_str(), nullptr, 10);
  const uid_t uid = login.empty() || number >= 0xffff'ffffUL ? getuid() : static_cast<uid_t>(number);
  const passwd* user = getpwuid(uid);
  return user ? std::string(user->pw_name) : "uid " + std::to_string(uid);
}

}  // namespace nemoclaw::ctl
