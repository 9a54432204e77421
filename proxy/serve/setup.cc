#include "proxy/serve/setup.h"

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "proxy/serve/container_setup.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::serve {

namespace {

std::string random_prefix() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<uint64_t>(time(nullptr));
  return format("%010llx", static_cast<unsigned long long>(number & 0xff'ffff'ffff));
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
  sandbox.user = TRY(find_proxy_user(sandbox.config.proxy_user));
  TRY(pin_binaries(options.sandbox_directory));
  LoadedContainer loaded = TRY(load_container(options.sandbox_directory));
  sandbox.record = std::move(loaded.record);
  sandbox.policy_digest = loaded.container->subject.policy_digest;

  peer::SocketQuery query = TRY(peer::SocketQuery::create());
  const std::string log_directory = audit_directory(sandbox.record);
  TRY_CONTEXT(make_directories(log_directory, 0750), "audit directory");
  audit::Log log = TRY(audit::Log::open(log_directory + "/audit.jsonl",
                                        audit::Origin{sandbox.record.id, loaded.container->subject}));
  TRY(log.give_to(sandbox.user.uid, sandbox.user.gid));

  sandbox.context = std::make_unique<enforce::Context>(
      std::move(loaded.container), peer::Identifier(std::move(query), std::move(loaded.group)),
      std::move(log));
  sandbox.context->node_addresses = TRY(read_node_addresses(options.sandbox_directory));
  sandbox.context->audit_fail_closed = sandbox.config.audit_fail_closed;
  sandbox.context->decision_prefix = random_prefix();
  return sandbox;
}

}  // namespace nemoclaw::serve
