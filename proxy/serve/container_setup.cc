#include "proxy/serve/container_setup.h"

#include <algorithm>
#include <cerrno>

#include "policy/parse/parse.h"
#include "policy/parse/static_sections.h"
#include "policy/select/revisions.h"
#include "policy/select/sandbox_policy.h"
#include "proxy/serve/named_binaries.h"
#include "runtime/base/file.h"
#include "runtime/oci/namespace_record.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kPolicyBytesMax = 1 << 20;
constexpr size_t kBinariesBytesMax = 4 << 20;
constexpr const char* kBinariesFile = "/binaries.json";

// A policy, what it was read from, and its place among those of the container.
struct PolicyText {
  policy::Policy policy;
  std::string text;
  uint64_t revision = 1, generation = 1;
  std::vector<policy::BinaryAlias> aliases;
};

// As created.
Result<PolicyText> first_policy(const std::string& directory, const oci::SandboxRecord& record) {
  const std::string file = directory + "/policy.yaml";
  PolicyText first;
  first.text = TRY(read_file(file, kPolicyBytesMax));
  first.policy = TRY(parse_policy_text(first.text, file));
  // The runtime enforced the static half of this very text; another text here would be another policy.
  if (!record.policy_digest.empty() && first.policy.digest != record.policy_digest)
    return make_error(quoted(file) + " has the digest " + first.policy.digest + ", but sandbox.json says " +
                      record.policy_digest);
  if (!record.policy.empty()) first.policy.name = record.policy;
  return first;
}

// The policy that the container got later, or the first one. One whose static part is not what the runtime
// enforced just now cannot be in force: the node's policy has changed since.
Result<PolicyText> policy_in_force(const std::string& directory, const oci::SandboxRecord& record,
                                   const LoadOptions& options, std::string& warning) {
  PolicyText first = TRY(first_policy(directory, record));
  if (options.state_directory.empty()) return first;
  const std::string files = policy::revisions_directory(options.state_directory, container_id_of(record));
  const auto known = std::find_if(options.policies.begin(), options.policies.end(), [&](const auto& each) {
    return each.container == container_id_of(record);
  });
  const bool is_known = known != options.policies.end();
  const std::optional<policy::Revision> revision = is_known
                                                       ? TRY(policy::read_revision(files, known->revision))
                                                       : TRY(policy::read_current_revision(files));
  if (!revision) return first;
  PolicyText later;
  later.policy = TRY_CONTEXT(parse_policy_text(revision->text, revision->name + ".yaml"),
                             format("revision %llu", static_cast<unsigned long long>(revision->number)));
  const auto changes = policy::changed_static_sections(first.policy, later.policy, revision->text);
  if (!changes.empty()) {
    warning = format("revision %llu of the policy is not in force: ",
                     static_cast<unsigned long long>(revision->number)) +
              "the container was created with another " + policy::render_changes(changes);
    return first;
  }
  later.text = revision->text;
  later.revision = revision->number;
  if (is_known) later.generation = known->generation;
  if (is_known) later.aliases = known->aliases;
  return later;
}

// Every hierarchy of cgroup v1 should hold the same processes; `pids` is the one that nobody shares or leaves
// out.
std::vector<std::string> membership_cgroups(std::vector<std::string> directories) {
  std::stable_partition(directories.begin(), directories.end(), [](const std::string& directory) {
    return directory.find("/pids/") != std::string::npos;
  });
  return directories;
}

}  // namespace

const std::string& container_id_of(const oci::SandboxRecord& record) {
  return record.container_ids.empty() ? record.id : record.container_ids.front();
}

Result<policy::Policy> parse_policy_text(const std::string& text, const std::string& file) {
  policy::ParseOutcome outcome = policy::parse_policy(text, file);
  if (outcome.policy) return std::move(*outcome.policy);
  std::string lines;
  for (const policy::Diagnostic& diagnostic : outcome.diagnostics)
    if (diagnostic.severity == policy::Severity::Error)
      lines += (lines.empty() ? "" : "; ") + policy::render_line(diagnostic, file);
  return make_error(lines);
}

Result<std::string> find_binaries(const std::string& directory, const std::string& state_directory) {
  Result<std::string> made = read_file(directory + kBinariesFile, kBinariesBytesMax);
  if (made || made.error().errno_value != ENOENT) return made;
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(directory));
  std::string warning;
  PolicyText policy = TRY_CONTEXT(
      policy_in_force(directory, record, {.state_directory = state_directory}, warning), "policy");
  const policy::Policy bounded =
      TRY(policy::under_sandbox_ceiling(directory, record, std::move(policy.policy)));
  const std::shared_ptr<const policy::Engine> engine =
      TRY_CONTEXT(policy::Engine::compile(bounded), "policy");
  return encode_named_binaries(TRY(hash_named_binaries(engine->named_binaries(), record.rootfs)));
}

Result<void> pin_binaries(const std::string& directory) {
  if (file_exists(directory + kBinariesFile)) return {};
  return write_file_atomic(directory + kBinariesFile, TRY(find_binaries(directory)), 0600);
}

Result<LoadedContainer> load_container(const std::string& directory, const LoadOptions& options) {
  LoadedContainer loaded;
  loaded.record = TRY(oci::read_sandbox_record(directory));
  PolicyText policy =
      TRY_CONTEXT(policy_in_force(directory, loaded.record, options, loaded.warning), "policy");
  policy.policy = TRY(policy::under_sandbox_ceiling(directory, loaded.record, std::move(policy.policy)));
  const std::string file = directory + kBinariesFile;
  const std::string text = options.binaries ? *options.binaries : TRY(read_file(file, kBinariesBytesMax));
  loaded.container = std::make_shared<enforce::Container>();
  enforce::Container& container = *loaded.container;
  container.aliases = std::move(policy.aliases);
  for (NamedBinary& each : TRY_CONTEXT(decode_named_binaries(text), file)) {
    if (each.path != each.named) container.aliases.push_back(policy::BinaryAlias{each.named, each.path});
    container.trust.pin(each.path, std::move(each.sha256), peer::TrustStore::Origin::Create);
  }
  container.engine = TRY_CONTEXT(policy::Engine::compile(policy.policy, container.aliases), "policy");
  const std::string& id = container_id_of(loaded.record);
  container.subject = {id, policy.policy.name, policy.policy.digest, policy.generation};
  container.policy_text = std::move(policy.text);
  container.revision = policy.revision;
  container.ceiling = policy.policy.ceiling;
  const oci::NamespaceRecord namespaces = TRY(oci::read_namespace_record(directory));
  loaded.group = {id, membership_cgroups(loaded.record.cgroups), {namespaces.mount, namespaces.user}};
  return loaded;
}

}  // namespace nemoclaw::serve
