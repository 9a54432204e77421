#include "hooks/fence_apply.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {
namespace {

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

Result<void> commit(Netlink& nft, const FenceTransaction& transaction) {
  const std::optional<NetlinkRefusal> refused = TRY_CONTEXT(nft.batch(transaction.messages), "nftables");
  if (!refused) return {};
  const std::string part =
      refused->sequence < transaction.parts.size() ? transaction.parts[refused->sequence] : "";
  return errno_error("nftables: " + part, refused->code);
}

Result<ShownFence> read_back(Netlink& nft) {
  ShownFence shown;
  add_shown_chains(TRY(nft.dump(chains_request())), shown);
  const std::vector<NetlinkAnswer> rules = TRY(nft.dump(rules_request()));
  TRY(add_shown_rules(rules, shown));
  const std::vector<NetlinkAnswer> sets = TRY(nft.dump(sets_request()));
  for (std::string& name : shown_set_names(sets)) {
    const std::vector<NetlinkAnswer> keys = TRY(nft.dump(set_request(name)));
    shown.sets.push_back({std::move(name), shown_set_keys(keys)});
  }
  return shown;
}

}  // namespace

Result<Netlink> open_nftables() { return Netlink::open(NETLINK_NETFILTER); }

// Another table of the namespace may change while ours is read: once more, then.
Result<ShownFence> read_fence(Netlink& nft) {
  constexpr int kTries = 20;
  for (int round = 1;; ++round) {
    Result<ShownFence> shown = read_back(nft);
    if (shown || shown.error().errno_value != EINTR || round == kTries) return shown;
    nft = TRY(open_nftables());  // the rest of the dump goes with the socket
  }
}

bool fence_exists(Netlink& nft) { return nft.change(table_request()).has_value(); }

Result<LoadedFence> apply_fence(Netlink& nft, FencePlan plan) {
  TRY(bring_up_loopback());
  TRY(forbid_ways_around());
  LoadedFence loaded;
  std::vector<FenceChain> chains = fence_chains(plan);
  const Result<void> first = commit(nft, fence_transaction(chains));
  if (!first) {
    plan.log = false;
    chains = fence_chains(plan);
    if (!commit(nft, fence_transaction(chains))) return Error(first.error()).with_context("load the fence");
    loaded.warning = "refused packets are not audited: " + first.error().message;
  }
  const ShownFence shown = TRY_CONTEXT(read_fence(nft), "read the fence back");
  TRY_CONTEXT(compare_fence(chains, shown), "the fence is not as it was loaded");
  loaded.ruleset = fence_ruleset(chains);
  return loaded;
}

void remove_fence(Netlink& nft) { (void)commit(nft, fence_removal()); }

}  // namespace nemoclaw::hooks
