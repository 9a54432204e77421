#include "policy/parse/destination.h"

#include <algorithm>

namespace nemoclaw::policy {

std::optional<Destination> read_destination(Diagnostics& diagnostics, Location at, std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  const size_t colon = host.rfind(':');
  const bool bracketed = !host.empty() && host[0] == '[';
  const bool has_port =
      colon != std::string_view::npos && (bracketed ? host[colon - 1] == ']' : host.find(':') == colon);
  if (has_port) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  Destination destination{std::string(host), 443};
  if (!has_port) return destination;
  uint32_t number = 0;
  const bool digits = !port.empty() && port.size() <= 5 && port[0] != '0' &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits)
    for (const char c : port) number = number * 10 + static_cast<uint32_t>(c - '0');
  if (number < 1 || number > 65535) {
    diagnostics.error("P0442", at, quoted(text, 128) + " is no destination",
                      "write a host, or 'host:port' with a port from 1 to 65535");
    return std::nullopt;
  }
  destination.port = static_cast<uint16_t>(number);
  return destination;
}

}  // namespace nemoclaw::policy
