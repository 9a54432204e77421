#include "proxy/net/packet.h"

#include <netinet/in.h>

#include <cstring>

namespace nemoclaw::net {

namespace {

uint8_t byte_at(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

void take_ports(std::string_view payload, Packet& packet) {
  const uint8_t protocol = packet.protocol;
  const bool has_ports = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
                         protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP;
  if (!has_ports || payload.size() < 4) return;
  packet.source_port = static_cast<uint16_t>(byte_at(payload, 0) << 8 | byte_at(payload, 1));
  packet.destination_port = static_cast<uint16_t>(byte_at(payload, 2) << 8 | byte_at(payload, 3));
}

asio::ip::address v4_at(std::string_view bytes, size_t at) {
  asio::ip::address_v4::bytes_type raw;
  memcpy(raw.data(), bytes.data() + at, raw.size());
  return asio::ip::address_v4(raw);
}

asio::ip::address v6_at(std::string_view bytes, size_t at) {
  asio::ip::address_v6::bytes_type raw;
  memcpy(raw.data(), bytes.data() + at, raw.size());
  return asio::ip::address_v6(raw);
}

std::optional<Packet> parse_v4(std::string_view bytes) {
  const size_t header = size_t{byte_at(bytes, 0)} % 16 * 4;
  if (header < 20 || bytes.size() < header) return std::nullopt;
  Packet packet;
  packet.protocol = byte_at(bytes, 9);
  packet.source = v4_at(bytes, 12);
  packet.destination = v4_at(bytes, 16);
  const bool first_fragment = ((byte_at(bytes, 6) & 0x1f) | byte_at(bytes, 7)) == 0;
  if (first_fragment) take_ports(bytes.substr(header), packet);
  return packet;
}

std::optional<Packet> parse_v6(std::string_view bytes) {
  if (bytes.size() < 40) return std::nullopt;
  Packet packet;
  packet.protocol = byte_at(bytes, 6);
  packet.source = v6_at(bytes, 8);
  packet.destination = v6_at(bytes, 24);
  std::string_view rest = bytes.substr(40);
  for (int headers = 0; headers < 8; ++headers) {
    const bool extension = packet.protocol == IPPROTO_HOPOPTS || packet.protocol == IPPROTO_ROUTING ||
                           packet.protocol == IPPROTO_DSTOPTS;
    if (!extension || rest.size() < 8) break;
    const size_t length = (size_t{byte_at(rest, 1)} + 1) * 8;
    if (rest.size() < length) break;
    packet.protocol = byte_at(rest, 0);
    rest.remove_prefix(length);
  }
  take_ports(rest, packet);
  return packet;
}

}  // namespace

std::optional<Packet> parse_packet(std::string_view bytes) {
  if (bytes.size() < 20) return std::nullopt;
  switch (byte_at(bytes, 0) >> 4) {
    case 4:
      return parse_v4(bytes);
    case 6:
      return parse_v6(bytes);
    default:
      return std::nullopt;
  }
}

std::string protocol_name(uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_ICMP:
      return "icmp";
    case IPPROTO_IGMP:
      return "igmp";
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_DCCP:
      return "dccp";
    case IPPROTO_GRE:
      return "gre";
    case IPPROTO_ICMPV6:
      return "icmpv6";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_UDPLITE:
      return "udplite";
    default:
      return "ip-" + std::to_string(protocol);
  }
}

}  // namespace nemoclaw::net
