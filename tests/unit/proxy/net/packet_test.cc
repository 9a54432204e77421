#include "proxy/net/packet.h"

#include <gtest/gtest.h>

namespace nemoclaw::net {
namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string text;
  for (const int byte : list) text += static_cast<char>(byte);
  return text;
}

const std::string kUdp4 = bytes(
    {0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 8, 8, 8, 8, 0x30, 0x39, 0, 53, 0, 12, 0, 0});

TEST(Packet, udpOverIpv4) {
  const auto packet = parse_packet(kUdp4);
  ASSERT_TRUE(packet);
  EXPECT_EQ(protocol_name(packet->protocol), "udp");
  EXPECT_EQ(packet->source.to_string(), "10.0.0.2");
  EXPECT_EQ(packet->destination.to_string(), "8.8.8.8");
  EXPECT_EQ(packet->source_port, 12345);
  EXPECT_EQ(packet->destination_port, 53);
}

TEST(Packet, aLaterFragmentHasNoPorts) {
  std::string fragment = kUdp4;
  fragment[7] = 8;
  const auto packet = parse_packet(fragment);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->destination_port, 0);
}

TEST(Packet, icmpHasNoPorts) {
  std::string icmp = kUdp4;
  icmp[9] = 1;
  const auto packet = parse_packet(icmp);
  ASSERT_TRUE(packet);
  EXPECT_EQ(protocol_name(packet->protocol), "icmp");
  EXPECT_EQ(packet->destination_port, 0);
}

TEST(Packet, udpBehindAnIpv6Extension) {
  std::string text = bytes({0x60, 0, 0, 0, 0, 16, 0, 64});
  text += bytes({0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
  text += bytes({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  text += bytes({17, 0, 0, 0, 0, 0, 0, 0});  // hop-by-hop, then UDP
  text += bytes({0x30, 0x39, 0x01, 0xbb, 0, 8, 0, 0});
  const auto packet = parse_packet(text);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->protocol, 17);
  EXPECT_EQ(packet->destination.to_string(), "2001:db8::1");
  EXPECT_EQ(packet->destination_port, 443);
}

TEST(Packet, cutOrForeignBytesAreNothing) {
  EXPECT_FALSE(parse_packet(""));
  EXPECT_FALSE(parse_packet(std::string(64, '\0')));
  EXPECT_FALSE(parse_packet("\x60" + std::string(30, 'x')));
  EXPECT_FALSE(parse_packet("\x4f" + std::string(25, 'x')));  // header longer than the packet
  for (size_t length = 20; length <= kUdp4.size(); ++length)
    EXPECT_TRUE(parse_packet(kUdp4.substr(0, length)));
  EXPECT_EQ(protocol_name(200), "ip-200");
}

}  // namespace
}  // namespace nemoclaw::net
