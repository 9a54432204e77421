#include "proxy/serve/setup.h"

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kPolicyBytesMax = 1 << 20;

Result<policy::Policy> load_sandbox_policy(const Options& options, const oci::SandboxRecord& record) {
  const std::string file = options.sandbox_directory + "/policy.yaml";
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

struct NamedBinaries {
  std::vector<policy::BinaryAlias> aliases;
  peer::TrustStore trust;
};

// Binaries that the policy names are trusted as the image has them now, before any code of the image runs.
Result<NamedBinaries> pin_named_binaries(const std::vector<std::string>& names, const std::string& rootfs) {
  NamedBinaries binaries;
  const Fd root = TRY(open_file(rootfs, O_PATH | O_DIRECTORY));
  for (const std::string& name : names) {
    Result<peer::ImageFile> image = peer::open_in_image(root, name);
    if (!image) {
      const int cause = image.error().errno_value;
      if (cause == ENOENT || cause == ENOTDIR) continue;  // trusted at its first use, if it ever comes
      return std::move(image).error().with_context("binary " + quoted(name) + " of the policy");
    }
    std::string digest = TRY_CONTEXT(peer::hash_file(image->file), "hash " + quoted(name));
    binaries.trust.pin(image->path, std::move(digest), peer::TrustStore::Origin::Create);
    if (image->path != name) binaries.aliases.push_back(policy::BinaryAlias{name, image->path});
  }
  return binaries;
}

std::string random_prefix() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<uint64_t>(time(nullptr));
  return format("%010llx", static_cast<unsigned long long>(number & 0xff'ffff'ffff));
}

// Every hierarchy of cgroup v1 should hold the same processes; `pids` is the one that nobody shares or leaves
// out.
std::vector<std::string> membership_cgroups(std::vector<std::string> directories) {
  std::stable_partition(directories.begin(), directories.end(), [](const std::string& directory) {
    return directory.find("/pids/") != std::string::npos;
  });
  return directories;
}

// The directory of this sandbox alone: two sandboxes in one file would break each other's chain.
std::string audit_directory(const oci::SandboxRecord& record) {
  const std::string directory = clean_path(record.log_directory);
  return base_name(directory) == record.id ? directory : directory + "/" + record.id;
}

Result<std::vector<policy::Address>> read_node_addresses(const std::string& directory) {
  const Result<std::string> text = read_file(directory + "/node-addresses", 1 << 20);
  if (!text && text.error().errno_value != ENOENT) return text.error();
  return parse_node_addresses(text ? *text : std::string());
}

}  // namespace

Result<std::vector<policy::Address>> parse_node_addresses(std::string_view text) {
  std::vector<policy::Address> addresses;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const std::optional<policy::Address> address = policy::parse_address(line.substr(0, line.find('%')));
    if (!address) return make_error("node-addresses: " + quoted(line, 64) + " is not an address");
    addresses.push_back(*address);
  }
  return addresses;
}

Result<Sandbox> set_up_sandbox(const Options& options) {
  Sandbox sandbox;
  sandbox.config = TRY(policy::load_node_config(options.config_file));
  sandbox.record = TRY(oci::read_sandbox_record(options.sandbox_directory));
  sandbox.user = TRY(find_proxy_user(sandbox.config.proxy_user));
  const oci::SandboxRecord& record = sandbox.record;
  const policy::Policy policy = TRY_CONTEXT(load_sandbox_policy(options, record), "policy");
  sandbox.policy_digest = policy.digest;

  std::shared_ptr<const policy::Engine> engine = TRY_CONTEXT(policy::Engine::compile(policy), "policy");
  NamedBinaries binaries = TRY(pin_named_binaries(engine->named_binaries(), record.rootfs));
  if (!binaries.aliases.empty())
    engine = TRY_CONTEXT(policy::Engine::compile(policy, binaries.aliases), "policy");

  peer::SocketQuery query = TRY(peer::SocketQuery::create());
  const std::string log_directory = audit_directory(record);
  TRY_CONTEXT(make_directories(log_directory, 0750), "audit directory");
  audit::Origin origin{record.id, record.container_ids.empty() ? record.id : record.container_ids.front(),
                       record.policy.empty() ? policy.name : record.policy, policy.digest, 1};
  audit::Log log = TRY(audit::Log::open(log_directory + "/audit.jsonl", std::move(origin)));
  TRY(log.give_to(sandbox.user.uid, sandbox.user.gid));

  sandbox.context = std::make_unique<enforce::Context>(
      std::move(engine), peer::Identifier(std::move(query), membership_cgroups(record.cgroups)),
      std::move(log));
  sandbox.context->trust = std::move(binaries.trust);
  sandbox.context->node_addresses = TRY(read_node_addresses(options.sandbox_directory));
  sandbox.context->audit_fail_closed = sandbox.config.audit_fail_closed;
  sandbox.context->decision_prefix = random_prefix();
  return sandbox;
}

}  // namespace nemoclaw::serve
