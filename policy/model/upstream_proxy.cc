#include "policy/model/upstream_proxy.h"

#include <algorithm>
#include <charconv>

#include "policy/model/host.h"

namespace nemoclaw::policy {

Result<void> parse_proxy_url(std::string_view url, UpstreamProxy& proxy) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme))
    return make_error("must be http://HOST:PORT; what is sent to a proxy is a CONNECT, and TLS runs inside of it");
  std::string_view authority = url.substr(kScheme.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('@') != authority.npos)
    return make_error("must hold no credentials; write them into a file and name it as credentials_file");
  const size_t colon = authority.rfind(':');
  if (colon == authority.npos || authority.find('/') != authority.npos)
    return make_error("must be http://HOST:PORT, with its port and without a path");
  std::string_view host = authority.substr(0, colon);
  const std::string_view port = authority.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), proxy.port);
  if (port.empty() || code != std::errc() || end != port.data() + port.size() || proxy.port == 0)
    return make_error("must have a port from 1 to 65535");
  proxy.host = TRY(normalise_host(host));
  return {};
}

Result<void> add_direct(std::string_view entry, UpstreamProxy& proxy) {
  if (const std::optional<Cidr> range = parse_cidr(entry)) {
    proxy.direct_ranges.push_back(*range);
    return {};
  }
  const bool below = entry.starts_with('.') || entry.starts_with("*.");
  const Result<std::string> name = normalise_host(below ? entry.substr(entry.find('.') + 1) : entry);
  if (!name) return make_error("is no name, address or range of addresses: " + name.error().message);
  proxy.direct_names.push_back(below ? "." + *name : *name);
  return {};
}

bool is_direct_name(const UpstreamProxy& proxy, std::string_view host) {
  return std::any_of(proxy.direct_names.begin(), proxy.direct_names.end(), [&](const std::string& name) {
    if (name.front() == '.') return host.size() > name.size() && host.ends_with(name);
    return host == name || (host.size() > name.size() && host.ends_with(name) && host[host.size() - name.size() - 1] == '.');
  });
}

bool is_direct_address(const UpstreamProxy& proxy, const Address& address) {
  return std::any_of(proxy.direct_ranges.begin(), proxy.direct_ranges.end(),
                     [&](const Cidr& range) { return range.contains(address); });
}

}  // namespace nemoclaw::policy
