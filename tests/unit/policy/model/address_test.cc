#include "policy/model/address.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(Address, ReadsAndWritesCanonicalText) {
  const struct {
    const char *text, *canonical;
  } cases[] = {
      {"10.0.0.1", "10.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"64:ff9b::8.8.8.8", "64:ff9b::808:808"},
  };
  for (const auto& c : cases) {
    const auto address = parse_address(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(to_string(*address), c.canonical);
  }
}

TEST(Address, RefusesWhatInetAtonWouldTake) {
  for (const char* text :
       {"",          "127.1",     "2130706433",   "0x7f000001",       "0177.0.0.1",    "127.000.000.001",
        "010.0.0.1", "1.2.3.4.5", "1.2.3.256",    "1.2.3.",           ".1.2.3",        " 1.2.3.4",
        "1.2.3.4 ",  "[::1]",     "fe80::1%eth0", "::ffff:010.0.0.1", "1:2:3:4:5:6:7", "12345::",
        ":::",       "::1::"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_FALSE(parse_address(std::string_view("::1\0x", 5)));
}

TEST(Cidr, CountsBitsOfTheWrittenFamily) {
  const auto ten = parse_cidr("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_EQ(ten->prefix, 104);
  EXPECT_TRUE(ten->contains(*parse_address("10.255.0.1")));
  EXPECT_FALSE(ten->contains(*parse_address("11.0.0.1")));
  EXPECT_EQ(to_string(*ten), "10.0.0.0/8");
  const auto odd = parse_cidr("172.16.0.0/12");
  EXPECT_TRUE(odd->contains(*parse_address("172.31.255.255")));
  EXPECT_FALSE(odd->contains(*parse_address("172.32.0.0")));
  const auto v6 = parse_cidr("fd00::/8");
  EXPECT_TRUE(v6->contains(*parse_address("fdff::1")));
  EXPECT_FALSE(v6->contains(*parse_address("fc00::1")));
  EXPECT_TRUE(parse_cidr("192.168.1.1")->is_single());
  // Everything in IPv6 does not mean everything in IPv4 by another name: the mapped range is inside ::/0.
  EXPECT_TRUE(parse_cidr("::/0")->contains(*parse_address("10.0.0.1")));
  EXPECT_FALSE(parse_cidr("0.0.0.0/0")->contains(*parse_address("2001:db8::1")));
}

TEST(Cidr, RefusesBitsBelowThePrefix) {
  for (const char* text : {"10.1.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/08",
                           "fd00::1/8", "::/129", "/8", "x/8"})
    EXPECT_FALSE(parse_cidr(text)) << text;
}

}  // namespace
}  // namespace nemoclaw::policy
