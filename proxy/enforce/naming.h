// Which host a captured connection is for: it carries an address, and perhaps a name that its first bytes
// claim. Pure.
#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "proxy/http/request.h"
#include "proxy/tls/sniff.h"

namespace nemoclaw::enforce {

struct Naming {
  std::string host;       // canonical: a name, or the address itself
  http::Refusal refusal;  // with a reason: the first bytes cannot be judged at all
};

// `names`: what the sandbox was told that the address is, newest first. A claim that is among them is as good
// as the lookup; any other must be looked up by the proxy and have this very address.
Naming name_destination(const asio::ip::address& address, uint16_t port,
                        const std::vector<std::string>& names, const tls::Sniffed& sniffed);

}  // namespace nemoclaw::enforce
