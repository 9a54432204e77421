#include "hooks/fence_apply.h"

#include <net/if.h>
#include <nftables/libnftables.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {
namespace {

nft_ctx* context_of(void* context) { return static_cast<nft_ctx*>(context); }

std::string first_line(const char* text) {
  const std::string_view all = text ? text : "";
  const std::string safe = quoted(all.substr(0, all.find('\n')), 400);
  return safe.substr(1, safe.size() - 2);
}

// The proxy listens on lo, and a namespace that the manager made may still have it down.
Result<void> bring_up_loopback() {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno_error("socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (ioctl(socket.raw(), SIOCGIFFLAGS, &request) != 0) return errno_error("read the flags of lo");
  if (request.ifr_flags & IFF_UP) return {};
  request.ifr_flags |= IFF_UP;
  if (ioctl(socket.raw(), SIOCSIFFLAGS, &request) != 0) return errno_error("bring lo up");
  return {};
}

// With route_localnet a neighbour could reach the proxy's loopback listeners, and loopback traffic could
// leave. With tcp_fwmark_accept a server in the sandbox would get the proxy's mark on the sockets that it
// accepts from the proxy, and could connect them to anywhere.
Result<void> forbid_ways_around() {
  for (const char* name : {"conf/all/route_localnet", "conf/default/route_localnet", "tcp_fwmark_accept"}) {
    const std::string file = std::string("/proc/sys/net/ipv4/") + name;
    const std::string value = TRY(read_file(file, 64));
    if (value == "0\n") continue;
    TRY_CONTEXT(write_file(file, "0"), "set " + file + " to 0");
  }
  return {};
}

}  // namespace

Result<Nftables> Nftables::create() {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (!context) return make_error("libnftables cannot be initialised");
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_NUMERIC_PRIO);
  return Nftables(context);
}

Nftables::~Nftables() {
  if (context_) nft_ctx_free(context_of(context_));
}

Result<std::string> Nftables::run(const std::string& commands) {
  nft_ctx* context = context_of(context_);
  const int code = nft_run_cmd_from_buffer(context, commands.c_str());
  // Both buffers are emptied by reading them, so an old message never explains a new failure.
  const std::string output = nft_ctx_get_output_buffer(context);
  const std::string failure = first_line(nft_ctx_get_error_buffer(context));
  if (code != 0) return make_error("nftables: " + (failure.empty() ? "unknown error" : failure));
  return output;
}

bool fence_exists(Nftables& nft) {
  return nft.run(std::string("list table inet ") + kFenceTable).has_value();
}

Result<LoadedFence> apply_fence(Nftables& nft, FencePlan plan) {
  TRY(bring_up_loopback());
  TRY(forbid_ways_around());
  LoadedFence loaded;
  loaded.ruleset = fence_ruleset(plan);
  Result<std::string> first = nft.run(loaded.ruleset);
  if (!first) {
    plan.log = false;
    loaded.ruleset = fence_ruleset(plan);
    if (!nft.run(loaded.ruleset)) return std::move(first).error().with_context("load the fence");
    loaded.warning = "refused packets are not audited: " + first.error().message;
  }
  const std::string listing =
      TRY_CONTEXT(nft.run(std::string("list table inet ") + kFenceTable), "read the fence back");
  TRY_CONTEXT(check_fence_listing(plan, listing), "the fence is not as it was loaded");
  return loaded;
}

void remove_fence(Nftables& nft) { (void)nft.run(std::string("delete table inet ") + kFenceTable); }

}  // namespace nemoclaw::hooks
