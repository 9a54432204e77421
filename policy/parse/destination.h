// A destination of the four-level list, written as one text.
#pragma once

#include <optional>
#include <string>

#include "policy/parse/diagnostics.h"

namespace nemoclaw::policy {

struct Destination {
  std::string host;
  uint16_t port = 443;
};

// "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6 address. The host is not judged here.
std::optional<Destination> read_destination(Diagnostics& diagnostics, Location at, std::string_view text);

}  // namespace nemoclaw::policy
