// The first bytes of an IP packet: enough to say what somebody tried to send where. Pure.
#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::net {

struct Packet {
  uint8_t protocol = 0;  // IANA number; of IPv6, the one after extension headers
  asio::ip::address source, destination;
  uint16_t source_port = 0, destination_port = 0;  // 0 where the protocol has none
};

std::optional<Packet> parse_packet(std::string_view bytes);
// "tcp", "udp", "icmp", "sctp", ... or "ip-<number>".
std::string protocol_name(uint8_t protocol);

}  // namespace nemoclaw::net
