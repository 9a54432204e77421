#include "proxy/enforce/live.h"

#include "proxy/enforce/context.h"
#include "proxy/net/listener.h"

namespace nemoclaw::enforce {

Live::Live(Context& where, net::tcp::socket upstream) : context(where), socket(std::move(upstream)) {
  context.live.insert(this);
}

Live::~Live() { context.live.erase(this); }

std::string why_not(const Live& live, const policy::Engine& engine) {
  const policy::Decision l4 = engine.decide_l4(live.request);
  if (l4.verdict != policy::Verdict::Allow) return l4.reason;
  if (live.is_tunnel && l4.needs_l7) return "entry '" + l4.entry + "' judges every request now";
  if (live.is_tunnel && l4.has_credentials)
    return "the requests to " + live.request.host + " hold credentials now";
  asio::error_code code;
  if (live.is_tunnel) live.socket.remote_endpoint(code);
  if (code) return {};  // it ends by itself
  const policy::Decision judged = engine.judge_addresses(
      live.request, l4, {to_policy_address(live.address)}, live.context.node_addresses);
  return judged.verdict == policy::Verdict::Allow ? std::string() : judged.reason;
}

size_t revoke(Context& context, const Container& container, const policy::Engine& engine, bool dry_run) {
  size_t count = 0;
  if (!dry_run) context.idle_origins.drop(container.subject.container);
  const std::vector<Live*> standing(context.live.begin(), context.live.end());
  for (Live* live : standing) {
    if (live->revoke_requests && live->container.get() == &container)
      count += live->revoke_requests(engine, dry_run);
    if (!live->is_tunnel || live->container.get() != &container || !live->revoked.empty()) continue;
    const std::string reason = why_not(*live, engine);
    if (reason.empty()) continue;
    ++count;
    if (dry_run) continue;
    live->revoked = "closed, because the policy that is in force now does not allow it: " + reason;
    net::reset_connection(live->socket);  // whoever relays sees it, and ends the other side
  }
  return count;
}

}  // namespace nemoclaw::enforce
