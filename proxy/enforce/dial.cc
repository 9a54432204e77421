#include "proxy/enforce/dial.h"

#include "proxy/net/dial.h"
#include "proxy/net/tunnel_request.h"

namespace nemoclaw::enforce {

namespace {

using Addresses = std::vector<asio::ip::address>;
using Reached = Result<net::tcp::endpoint>;
constexpr size_t kTargetsMax = 4;
constexpr std::chrono::milliseconds kTunnelTime{20'000};

// The proxy is the operator's, so it may be anywhere, and its name is nothing that the policy has to allow.
net::Task<Result<Addresses>> addresses_of_proxy(Context& context, const policy::UpstreamProxy& proxy) {
  asio::error_code code;
  const asio::ip::address literal = asio::ip::make_address(proxy.host, code);
  if (!code) co_return Addresses{literal};
  if (!context.resolver) co_return make_error("the sandbox has not been started, nothing is resolved yet");
  co_return co_await context.resolver->resolve(proxy.host);
}

net::Task<Result<void>> tunnel_to(Context& context, net::tcp::socket& socket, const Addresses& proxies,
                                  const std::string& host, uint16_t port) {
  const Reached reached = co_await net::dial(socket, proxies, context.upstream_proxy->port);
  if (!reached) co_return reached.error();
  co_return co_await net::ask_for_tunnel(
      socket, net::render_tunnel_request(host, port, context.upstream_authorization), kTunnelTime);
}

net::Task<Reached> dial_through(Context& context, net::tcp::socket& socket, const Permit& permit) {
  const policy::UpstreamProxy& proxy = *context.upstream_proxy;
  const std::string where = "upstream proxy " + proxy.host + ":" + std::to_string(proxy.port);
  Result<Addresses> proxies = co_await addresses_of_proxy(context, proxy);
  if (!proxies) co_return std::move(proxies).error().with_context(where);
  Error last = make_error("no address");
  size_t tried = 0;
  for (const asio::ip::address& address : permit.addresses()) {
    if (tried++ == (proxy.by_name ? 1 : kTargetsMax)) break;
    const std::string target = proxy.by_name ? permit.event().host : address.to_string();
    socket = net::tcp::socket(socket.get_executor());
    Result<void> tunnel = co_await tunnel_to(context, socket, *proxies, target, permit.port());
    if (tunnel) co_return net::tcp::endpoint(address, permit.port());
    last = std::move(tunnel).error();
  }
  co_return std::move(last).with_context(where);
}

}  // namespace

net::Task<Reached> dial(Context& context, net::tcp::socket& socket, const Permit& permit) {
  if (!context.upstream_proxy || policy::is_direct_name(*context.upstream_proxy, permit.event().host))
    co_return co_await net::dial(socket, permit.addresses(), permit.port());
  Addresses direct;
  for (const asio::ip::address& address : permit.addresses())
    if (policy::is_direct_address(*context.upstream_proxy, to_policy_address(address))) direct.push_back(address);
  if (!direct.empty()) co_return co_await net::dial(socket, direct, permit.port());
  co_return co_await dial_through(context, socket, permit);
}

}  // namespace nemoclaw::enforce
