#include "policy/engine/address_class.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

void expect_kind(AddressClass kind, std::initializer_list<const char*> addresses) {
  for (const char* text : addresses) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(judge_address(*address).kind, kind) << text << " is " << judge_address(*address).name;
  }
}

TEST(AddressClass, Never) {
  expect_kind(AddressClass::Never, {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.169.254",
                                    "169.254.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16",
                                    "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "::1", "fe80::1",
                                    "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254"});
}

TEST(AddressClass, Private) {
  expect_kind(AddressClass::Private,
              {"10.0.0.1",  "172.16.0.1",   "172.31.255.255", "192.168.0.1", "100.64.0.1",     "192.0.0.8",
               "192.0.2.1", "198.51.100.1", "203.0.113.1",    "198.18.0.1",  "198.19.255.255", "240.0.0.1",
               "fc00::1",   "fd12::1",      "fec0::1",        "2001:db8::1", "2001:10::1",     "3fff::1",
               "100::1",    "4000::1",      "5f00::1"});
}

TEST(AddressClass, Public) {
  expect_kind(AddressClass::Public,
              {"93.184.216.34", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1",
               "169.253.0.1", "223.255.255.255", "2606:4700::1", "2a00:1450::1"});
}

TEST(AddressClass, EmbeddedIpv4DecidesInEveryForm) {
  expect_kind(AddressClass::Never, {"::ffff:127.0.0.1",             // mapped
                                    "::127.0.0.1",                  // compatible
                                    "::ffff:0:169.254.169.254",     // translated
                                    "64:ff9b::169.254.169.254",     // NAT64
                                    "64:ff9b:1:7f00:0:100::",       // local NAT64, /48
                                    "64:ff9b:1::127.0.0.1",         // local NAT64, /96
                                    "2002:7f00:1::",                // 6to4
                                    "2002:a9fe:a9fe::1",            // 6to4
                                    "2001:0:5db8:d822::80ff:fffe",  // Teredo: client 127.0.0.1 inverted
                                    "2001:0:7f00:1::a247:27dd",     // Teredo: server 127.0.0.1
                                    "2606:4700::5efe:127.0.0.1",    // ISATAP
                                    "2606:4700::200:5efe:169.254.169.254"});
  expect_kind(AddressClass::Private, {"::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1",
                                      "2606:4700::5efe:10.0.0.1", "fd12::5efe:8.8.8.8"});
  expect_kind(AddressClass::Public,
              {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "2002:808:808::1",
               "2001:0:5db8:d822::f7f7:f7f7", "2606:4700::5efe:8.8.8.8"});
}

}  // namespace
}  // namespace nemoclaw::policy
