#include "proxy/serve/container_setup.h"

#include <algorithm>
#include <cerrno>

#include "policy/parse/parse.h"
#include "proxy/serve/named_binaries.h"
#include "runtime/base/file.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kPolicyBytesMax = 1 << 20;
constexpr size_t kBinariesBytesMax = 4 << 20;
constexpr const char* kBinariesFile = "/binaries.json";

Result<policy::Policy> load_policy_of(const std::string& directory, const oci::SandboxRecord& record) {
  const std::string file = directory + "/policy.yaml";
  const std::string text = TRY(read_file(file, kPolicyBytesMax));
  policy::ParseOutcome outcome = policy::parse_policy(text, file);
  if (!outcome.policy) {
    std::string lines;
    for (const policy::Diagnostic& diagnostic : outcome.diagnostics)
      lines += (lines.empty() ? "" : "; ") + policy::render_line(diagnostic, file);
    return make_error(lines);
  }
  // The runtime enforced the static half of this very text; another text here would be another policy.
  if (!record.policy_digest.empty() && outcome.policy->digest != record.policy_digest)
    return make_error(quoted(file) + " has the digest " + outcome.policy->digest +
                      ", but sandbox.json says " + record.policy_digest);
  return std::move(*outcome.policy);
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

Result<std::string> find_binaries(const std::string& directory) {
  Result<std::string> made = read_file(directory + kBinariesFile, kBinariesBytesMax);
  if (made || made.error().errno_value != ENOENT) return made;
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(directory));
  const policy::Policy policy = TRY_CONTEXT(load_policy_of(directory, record), "policy");
  const std::shared_ptr<const policy::Engine> engine = TRY_CONTEXT(policy::Engine::compile(policy), "policy");
  return encode_named_binaries(TRY(hash_named_binaries(engine->named_binaries(), record.rootfs)));
}

Result<void> pin_binaries(const std::string& directory) {
  if (file_exists(directory + kBinariesFile)) return {};
  return write_file_atomic(directory + kBinariesFile, TRY(find_binaries(directory)), 0600);
}

Result<LoadedContainer> load_container(const std::string& directory,
                                       const std::optional<std::string>& binaries) {
  LoadedContainer loaded;
  loaded.record = TRY(oci::read_sandbox_record(directory));
  const policy::Policy policy = TRY_CONTEXT(load_policy_of(directory, loaded.record), "policy");
  const std::string file = directory + kBinariesFile;
  const std::string text = binaries ? *binaries : TRY(read_file(file, kBinariesBytesMax));
  loaded.container = std::make_shared<enforce::Container>();
  std::vector<policy::BinaryAlias> aliases;
  for (NamedBinary& each : TRY_CONTEXT(decode_named_binaries(text), file)) {
    if (each.path != each.named) aliases.push_back(policy::BinaryAlias{each.named, each.path});
    loaded.container->trust.pin(each.path, std::move(each.sha256), peer::TrustStore::Origin::Create);
  }
  loaded.container->engine = TRY_CONTEXT(policy::Engine::compile(policy, aliases), "policy");
  const std::string& id = container_id_of(loaded.record);
  loaded.container->subject = {id, loaded.record.policy.empty() ? policy.name : loaded.record.policy,
                               policy.digest, 1};
  loaded.group = {id, membership_cgroups(loaded.record.cgroups)};
  return loaded;
}

}  // namespace nemoclaw::serve
