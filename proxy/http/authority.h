// host ":" port as it may stand in a CONNECT target, an absolute URI or a Host field (RFC 9110 section 4.2,
// 9112 section 3.2). Stricter than the RFC: no userinfo, no percent-encoding, no zone id, no IPvFuture, no
// empty or padded port. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::http {

struct Authority {
  std::string host;  // a name as written, or an address literal without brackets (IPv6 in its canonical text)
  uint16_t port = 0;
  bool is_ipv6 = false;
};

// Without a default, the port must be written.
Result<Authority> parse_authority(std::string_view text, std::optional<uint16_t> default_port);

// "host", "host:port", "[v6]:port"; the port is left out if it equals `default_port`.
std::string render_authority(const Authority& authority, uint16_t default_port);

}  // namespace nemoclaw::http
