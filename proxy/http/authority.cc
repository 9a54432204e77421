#include "proxy/http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace nemoclaw::http {

namespace {

bool is_host_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         byte == '-' || byte == '.' || byte == '_';
}

Result<uint16_t> parse_port(std::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  unsigned value = 0;
  if (!digits || text.size() > 5 || text.front() == '0' ||
      std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value > 65535)
    return make_error("port " + quoted(text, 16) + " is not a number from 1 to 65535 without leading zeros");
  return static_cast<uint16_t>(value);
}

Result<std::string> parse_ipv6(std::string_view text) {
  in6_addr address;
  char canonical[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof canonical || inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1)
    return make_error("'[" + std::string(quoted(text, 64)) +
                      "]' is not an IPv6 address (zone ids are not accepted)");
  return std::string(inet_ntop(AF_INET6, &address, canonical, sizeof canonical));
}

}  // namespace

Result<Authority> parse_authority(std::string_view text, std::optional<uint16_t> default_port) {
  if (text.empty()) return make_error("the authority is empty");
  if (text.size() > 300) return make_error("the authority is longer than 300 bytes");
  Authority authority;
  std::string_view rest;
  if (text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return make_error("'[' without ']' in the authority");
    authority.host = TRY(parse_ipv6(text.substr(1, close - 1)));
    authority.is_ipv6 = true;
    rest = text.substr(close + 1);
  } else {
    const size_t end =
        static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_host_byte) - text.begin());
    if (end == 0) return make_error("the host is empty or starts with a byte that no host name has");
    authority.host = text.substr(0, end);
    rest = text.substr(end);
  }
  if (rest.empty()) {
    if (!default_port) return make_error("the port is missing");
    authority.port = *default_port;
    return authority;
  }
  if (rest.front() != ':')
    return make_error("unexpected byte after the host in authority " + quoted(text, 80));
  authority.port = TRY(parse_port(rest.substr(1)));
  return authority;
}

std::string render_authority(const Authority& authority, uint16_t default_port) {
  std::string text = authority.is_ipv6 ? "[" + authority.host + "]" : authority.host;
  if (authority.port != default_port) text += ":" + std::to_string(authority.port);
  return text;
}

}  // namespace nemoclaw::http
