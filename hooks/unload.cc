#include "hooks/unload.h"

#include <poll.h>

#include <charconv>

#include "hooks/fence_apply.h"
#include "hooks/launch_proxy.h"
#include "hooks/net_namespace.h"
#include "hooks/run_lock.h"
#include "runtime/base/file.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::hooks {

namespace {

// The proxy's worker needs a moment to notice that its holder has ended.
constexpr int kTriesMax = 50;
constexpr int kPauseMs = 10;

}  // namespace

pid_t process_in_namespace(const std::string& identity) {
  const Result<std::vector<std::string>> names = list_directory("/proc");
  if (!names) return 1;  // cannot tell: somebody may be there
  for (const std::string& name : *names) {
    pid_t pid = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (code != std::errc() || end != name.data() + name.size()) continue;
    const Result<std::string> other = oci::namespace_identity("/proc/" + name + "/ns/net");
    if (other && *other == identity) return pid;
  }
  return 0;
}

Result<void> unload_fence(const std::string& sandbox_directory, const oci::ProxyRecord& proxy, FdRef log) {
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(sandbox_directory));
  const std::string path = TRY(network_namespace_path(record.bundle));
  if (path.empty() || path.starts_with("/proc/")) return {};
  const Result<NetNamespace> network = open_net_namespace_at(path);
  // Gone already, or another one under the old name.
  if (!network || network->identity != proxy.net_namespace) return {};
  // Nobody puts a fence up between the look and the removal: `start` holds the same lock.
  const Fd lock = TRY(lock_run_directory(sandbox_directory, RunLock::Exclusive));
  pid_t occupant = 0;
  for (int tries = 0; (occupant = process_in_namespace(network->identity)) != 0 && tries < kTriesMax; ++tries)
    poll(nullptr, 0, kPauseMs);
  if (occupant != 0) {
    log_line(log, format("the fence stays in %s: process %d still runs behind it", path.c_str(), occupant));
    return {};
  }
  TRY(enter_net_namespace(*network));
  Netlink nft = TRY(open_nftables());
  remove_fence(nft);
  return {};
}

}  // namespace nemoclaw::hooks
