#include "hooks/node_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

namespace nemoclaw::hooks {
namespace {

std::string text_of(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

}  // namespace

Result<std::string> list_node_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return errno_error("list the node's addresses");
  std::set<std::string> addresses;
  for (const ifaddrs* each = list; each; each = each->ifa_next)
    if (each->ifa_addr) addresses.insert(text_of(*each->ifa_addr));
  freeifaddrs(list);
  std::string lines;
  for (const std::string& address : addresses)
    if (!address.empty()) lines += address + "\n";
  return lines;
}

}  // namespace nemoclaw::hooks
