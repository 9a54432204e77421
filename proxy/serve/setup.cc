#include "proxy/serve/setup.h"

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "policy/select/secret_store.h"
#include "proxy/serve/container_setup.h"
#include "proxy/serve/publish.h"
#include "proxy/serve/upstream_credentials.h"
#include "runtime/base/file.h"
#include "runtime/base/ids.h"
#include "runtime/base/log.h"

namespace nemoclaw::serve {

namespace {

// Asked for with each request that needs them, and read by the confined worker itself.
class NodeSecrets final : public enforce::Secrets {
 public:
  explicit NodeSecrets(const policy::NodeConfig& config) : reader_(config) {}
  Result<std::string> read(std::string_view name) override { return reader_.read(name); }

 private:
  policy::SecretReader reader_;
};

std::string random_prefix() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<uint64_t>(time(nullptr));
  return format("%010llx", static_cast<unsigned long long>(number & 0xff'ffff'ffff));
}

// The first worker looks the policy's binaries up in the image, before any code of the image runs; one that
// follows takes over what that one found, because by now the image's code has run.
Result<std::string> binaries_of(const std::string& directory, const std::string& state_directory,
                                State& state, Remembered& known) {
  if (known.binaries) return std::move(*known.binaries);
  std::string found = TRY(find_binaries(directory, state_directory));
  TRY(state.remember_binaries(found));
  return found;
}

LoadOptions load_options(const Sandbox& sandbox, const Remembered& known,
                         std::optional<std::string> binaries) {
  LoadOptions options;
  options.binaries = std::move(binaries);
  options.state_directory = sandbox.config.state_directory;
  options.policies = known.policies;
  return options;
}

audit::Notice stale_policy(const std::string& warning) {
  log::warning(warning);
  audit::Notice notice;
  notice.title = "policy not in force";
  notice.message = warning;
  return notice;
}

// Containers that joined before this worker was started (docs/sandbox.md). One that cannot be read is not
// known yet, and what nobody knows is refused.
void add_joined_containers(const Remembered& known, Sandbox& sandbox) {
  const Result<std::vector<std::string>> names = list_directory(sandbox.directory + "/containers");
  if (!names) return;
  for (const std::string& name : *names)
    if (const Result<void> added = add_joined_container(sandbox, name, known); !added)
      log::warning("container " + quoted(name, 80) + ": " + added.error().message);
}

// What was trusted at first use stays trusted, and nothing else at that path.
void take_over_trust(const Remembered& known, State& state, enforce::Context& context) {
  for (const std::shared_ptr<enforce::Container>& container : context.containers) {
    const std::string id = container->subject.container;
    for (const Remembered::Trusted& each : known.trusted)
      if (each.container == id)
        container->trust.pin(each.path, each.digest, peer::TrustStore::Origin::FirstUse);
    remember_first_uses(state, *container);
  }
}

// What the sandbox was told before goes on to be true; its programs will not ask again before they connect.
void take_over_names(const Remembered& known, State& state, enforce::Context& context) {
  for (const Remembered::Name& each : known.names) {
    asio::error_code code;
    const asio::ip::address address = asio::ip::make_address(each.address, code);
    if (!code) context.names.restore(address, each.name, dns::NameMemory::Time(std::chrono::milliseconds(each.until_ms)));
  }
  context.names.on_news([&state](const asio::ip::address& address, const std::string& name, dns::NameMemory::Time until) {
    const auto since_boot = std::chrono::duration_cast<std::chrono::milliseconds>(until.time_since_epoch());
    state.remember_name({address.to_string(), name, since_boot.count()});
  });
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

Result<void> note_missing_protections(Sandbox& sandbox, const std::string& directory,
                                      const audit::Subject& subject) {
  const Result<std::string> text = read_file(directory + "/not-enforced", 65536);
  if (!text && text.error().errno_value == ENOENT) return {};
  if (!text) return text.error();
  audit::Notice notice;
  notice.severity = 4;
  notice.title = "protections missing";
  notice.message = text->substr(0, text->find('\n'));
  notice.subject = subject;
  return sandbox.context->log.append(notice);
}

void remember_first_uses(State& state, enforce::Container& container) {
  container.trust.on_first_use(
      [&state, id = container.subject.container](const std::string& path, const std::string& digest) {
        return state.remember_trust(id, path, digest);
      });
}

Result<void> add_joined_container(Sandbox& sandbox, const std::string& id, const Remembered& known) {
  TRY(check_container_id(id));
  LoadedContainer loaded =
      TRY(load_container(sandbox.directory + "/containers/" + id, load_options(sandbox, known, {})));
  if (!loaded.warning.empty()) log::warning("container " + quoted(id, 80) + ": " + loaded.warning);
  if (loaded.group.id != id)
    return make_error("containers/" + id + " is about container " + quoted(loaded.group.id));
  TRY(sandbox.context->identifier.add_group(std::move(loaded.group)));
  sandbox.context->add_container(std::move(loaded.container));
  return {};
}

Result<Sandbox> set_up_sandbox(const Options& options, Fd audit, Fd state, std::vector<Fd> trust_files) {
  Sandbox sandbox;
  sandbox.restarts = options.restarts;
  sandbox.last_end = options.last_end;
  sandbox.state = std::make_unique<State>(std::move(state));
  Remembered known = TRY(sandbox.state->read());
  sandbox.config = TRY(policy::load_node_config(options.config_file));
  const std::string binaries =
      TRY(binaries_of(options.sandbox_directory, sandbox.config.state_directory, *sandbox.state, known));
  LoadedContainer loaded =
      TRY(load_container(options.sandbox_directory, load_options(sandbox, known, binaries)));
  sandbox.record = std::move(loaded.record);

  peer::SocketQuery query = TRY(peer::SocketQuery::create());
  audit::Log log = TRY_CONTEXT(
      audit::Log::take_over(std::move(audit), audit::Origin{sandbox.record.id, loaded.container->subject}),
      "audit");
  if (options.beside_another) log.share(true);
  if (!loaded.warning.empty()) TRY_CONTEXT(log.append(stale_policy(loaded.warning)), "audit");

  sandbox.context = std::make_unique<enforce::Context>(
      std::move(loaded.container), peer::Identifier(std::move(query), std::move(loaded.group)),
      std::move(log));
  sandbox.directory = options.sandbox_directory;
  add_joined_containers(known, sandbox);
  take_over_trust(known, *sandbox.state, *sandbox.context);
  sandbox.start = std::move(known.start);
  sandbox.joined_starts = std::move(known.joined_starts);
  sandbox.context->node_addresses = TRY(read_node_addresses(options.sandbox_directory));
  sandbox.context->upstream_proxy = sandbox.config.upstream_proxy;
  if (sandbox.config.upstream_proxy && !sandbox.config.upstream_proxy->credentials_file.empty())
    sandbox.context->upstream_authorization =
        TRY_CONTEXT(read_basic_credentials(sandbox.config.upstream_proxy->credentials_file), "upstream_proxy");
  take_over_names(known, *sandbox.state, *sandbox.context);
  sandbox.context->audit_fail_closed = sandbox.config.audit_fail_closed;
  sandbox.context->secrets = std::make_unique<NodeSecrets>(sandbox.config);
  sandbox.context->decision_prefix = random_prefix();
  sandbox.context->trust =
      TRY_CONTEXT(set_up_trust(sandbox.record.id, sandbox.config, known, *sandbox.state, trust_files),
                  "the sandbox's certificate authority");
  return sandbox;
}

}  // namespace nemoclaw::serve
