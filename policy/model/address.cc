#include "policy/model/address.h"

#include <arpa/inet.h>

#include <cstring>

namespace nemoclaw::policy {
namespace {

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A decimal without leading zeros, at most `maximum`.
std::optional<unsigned> parse_decimal(std::string_view text, unsigned maximum) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= maximum ? std::optional(value) : std::nullopt;
}

std::optional<Address> parse_quad(std::string_view text) {
  uint8_t octets[4];
  for (int i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto octet = parse_decimal(text.substr(0, dot), 255);
    if (!octet) return std::nullopt;
    octets[i] = static_cast<uint8_t>(*octet);
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return Address::v4(octets[0], octets[1], octets[2], octets[3]);
}

}  // namespace

bool Address::is_v4() const { return std::memcmp(bytes, kMapped, sizeof kMapped) == 0; }

Address Address::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  Address address;
  std::memcpy(address.bytes, kMapped, sizeof kMapped);
  address.bytes[12] = a;
  address.bytes[13] = b;
  address.bytes[14] = c;
  address.bytes[15] = d;
  return address;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return parse_quad(text);
  // inet_pton takes no zone and no brackets, and glibc's accepts only RFC 4291 text.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  // Its dotted tail would let leading zeros through on some libcs: judge the tail by our own rule.
  if (const size_t dot = text.find('.'); dot != std::string_view::npos) {
    if (!parse_quad(text.substr(text.rfind(':') + 1))) return std::nullopt;
  }
  Address address;
  if (inet_pton(AF_INET6, std::string(text).c_str(), address.bytes) != 1) return std::nullopt;
  return address;
}

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.is_v4())
    inet_ntop(AF_INET, address.bytes + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, address.bytes, text, sizeof text);
  return text;
}

bool Cidr::contains(const Address& address) const {
  const size_t whole = prefix / 8;
  if (std::memcmp(network.bytes, address.bytes, whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - prefix % 8));
  return (network.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Cidr cidr{*address, 128};
  if (slash == std::string_view::npos) return cidr;
  // The written family decides: "::ffff:10.0.0.0/104" is an IPv6 prefix, "10.0.0.0/8" counts from bit 96.
  const bool written_v4 = text.find(':') == std::string_view::npos;
  const auto length = parse_decimal(text.substr(slash + 1), written_v4 ? 32 : 128);
  if (!length) return std::nullopt;
  cidr.prefix = static_cast<uint8_t>(*length + (written_v4 ? 96 : 0));
  for (unsigned bit = cidr.prefix; bit < 128; ++bit)
    if (cidr.network.bytes[bit / 8] & (0x80 >> (bit % 8))) return std::nullopt;
  return cidr;
}

std::string to_string(const Cidr& cidr) {
  const bool v4 = cidr.network.is_v4() && cidr.prefix >= 96;
  return to_string(cidr.network) + "/" + std::to_string(v4 ? cidr.prefix - 96 : cidr.prefix);
}

}  // namespace nemoclaw::policy
