#include "proxy/net/listener.h"

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/numbers.h"

namespace nemoclaw::net {

namespace {

constexpr int kBacklog = 256;

bool set_flag(int raw, int level, int name) {
  const int on = 1;
  return setsockopt(raw, level, name, &on, sizeof on) == 0;
}

}  // namespace

Result<Fd> listen_on(const asio::ip::address& address, uint16_t port) {
  const tcp::endpoint endpoint(address, port);
  const std::string what = "listen on " + address.to_string() + " port " + std::to_string(port);
  Fd fd(socket(endpoint.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error(what);
  const bool v6 = address.is_v6();
  if (!set_flag(fd.raw(), SOL_SOCKET, SO_REUSEADDR) ||
      !set_flag(fd.raw(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND) ||
      (v6 && !set_flag(fd.raw(), IPPROTO_IPV6, IPV6_V6ONLY)))
    return errno_error(what);
  if (bind(fd.raw(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) return errno_error(what);
  if (listen(fd.raw(), kBacklog) != 0) return errno_error(what);
  return fd;
}

bool has_ipv6() {
  const Fd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid() || errno != EAFNOSUPPORT;
}

std::optional<tcp::endpoint> original_destination(FdRef socket, const tcp::endpoint& local) {
  tcp::endpoint original = local;  // the right family and size
  auto length = static_cast<socklen_t>(original.capacity());
  const bool v6 = local.address().is_v6();
  const int code = getsockopt(socket.raw(), v6 ? SOL_IPV6 : SOL_IP,
                              v6 ? IP6T_SO_ORIGINAL_DST : SO_ORIGINAL_DST, original.data(), &length);
  if (code != 0) return std::nullopt;  // no conntrack entry
  original.resize(length);
  if (original == local) return std::nullopt;  // tracked, but not translated
  return original;
}

Result<void> set_proxy_mark(FdRef socket) {
  const uint32_t mark = kProxyMark;
  if (setsockopt(socket.raw(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
    return errno_error("set the proxy's mark");
  return {};
}

void reset_connection(tcp::socket& socket) {
  asio::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace nemoclaw::net
