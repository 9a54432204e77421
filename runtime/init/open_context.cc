#include "runtime/init/open_context.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "runtime/base/log.h"

namespace nemoclaw::init {

namespace {

Result<Fd> connect_listener(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return make_error("the path is too long for a socket");
  memcpy(address.sun_path, path.data(), path.size());
  Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return errno_error("socket");
  if (connect(connection.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("failed to connect with seccomp agent " + quoted(path));
  return connection;
}

}  // namespace

Result<void> open_common(const ProcessPlan& plan, Context& context) {
  context.proc = TRY(isolation::open_procfs());
  context.own = TRY(own_identity());
  // crun's annotation, for containers of ordinary users: files that belong to their groups stay reachable. Under a policy
  // the groups of a daemon that runs as root are nobody's to ask for.
  const std::string* keep = context.effective->spec.find_annotation("run.oci.keep_original_groups");
  context.keep_groups = keep && *keep == "1" && (geteuid() != 0 || context.effective->policy_name.empty());
  for (const isolation::SeccompPlan& filter : plan.filters)
    log::debug(format("seccomp filter flags: %u", filter.flags));
  if (!plan.listener_path.empty())
    context.listener_socket = TRY_CONTEXT(connect_listener(plan.listener_path), "linux.seccomp.listenerPath");
  return {};
}

bool available_to_mount() {
  return (isolation::available_capabilities() >> isolation::capability_number("CAP_SYS_ADMIN") & 1) != 0;
}

void warn_about_capabilities(const ProcessPlan& plan) {
  for (const std::string& name : plan.capabilities.ignored) {
    if (isolation::capability_number(name) < 0)
      log::warning("process.capabilities: unknown capability " + quoted(name) + " is ignored");
    else
      log::debug("process.capabilities: " + name + " is not available to the runtime and is left out");
  }
  for (int number = 0; number < 64; ++number)
    if ((plan.capabilities.not_ambient() >> number & 1) != 0)
      log::warning(std::string("can't raise ambient capability ") + isolation::capability_name(number) +
                   ": it is not both permitted and inheritable");
}

}  // namespace nemoclaw::init
