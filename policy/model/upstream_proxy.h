// The proxy through which a node reaches the world, as its configuration names it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/address.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

struct UpstreamProxy {
  std::string host;  // canonical
  uint16_t port = 0;
  std::string credentials_file;  // "user:password"; empty: none are sent
  // What is reached without it: names with those below them ("example.com"), or those below alone
  // (".example.com"), and addresses.
  std::vector<std::string> direct_names;
  std::vector<Cidr> direct_ranges;
  // Ask it for the name and not for the address that was judged.
  bool by_name = false;
};

// "http://HOST:PORT"
Result<void> parse_proxy_url(std::string_view url, UpstreamProxy& proxy);
// One of `no_proxy`: a name, an address or a range.
Result<void> add_direct(std::string_view entry, UpstreamProxy& proxy);

// `host` as normalise_host returns it.
bool is_direct_name(const UpstreamProxy& proxy, std::string_view host);
bool is_direct_address(const UpstreamProxy& proxy, const Address& address);

}  // namespace nemoclaw::policy
