// IP addresses and ranges as plain bytes. IPv4 is held as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that one
// comparison serves both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::policy {

// An IPv4 address is held as ::ffff:a.b.c.d.
struct Address {
  uint8_t bytes[16] = {};

  bool is_v4() const;
  static Address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  friend bool operator==(const Address&, const Address&) = default;
};

// Strict dotted quad (no leading zeros, no short, octal or hex forms) or RFC 4291 text, without brackets or
// zone.
std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);  // RFC 5952; IPv4 as a dotted quad

struct Cidr {
  Address network;
  uint8_t prefix = 0;  // in bits of the 128

  bool contains(const Address& address) const;
  bool is_single() const { return prefix == 128; }
  friend bool operator==(const Cidr&, const Cidr&) = default;
};

// "10.0.0.0/8", "fd00::/8" or a plain address. Bits below the prefix must be zero: "10.1.2.3/8" is more
// likely a mistake than a wish.
std::optional<Cidr> parse_cidr(std::string_view text);
std::string to_string(const Cidr& cidr);

}  // namespace nemoclaw::policy
