#include "proxy/net/listener.h"

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/numbers.h"

namespace nemoclaw::net {

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
