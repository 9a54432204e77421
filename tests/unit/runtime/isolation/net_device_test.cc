#include "runtime/isolation/net_device.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>

#include <cstring>

namespace nemoclaw::isolation {
namespace {

TEST(Netlink, RequestsArePaddedAndCarryTheirLength) {
  const std::string request = NetlinkRequest(RTM_NEWLINK, NLM_F_ACK).fixed(ifinfomsg{}).attribute(3, "abcde").number(28, 7).take();
  const Result<std::vector<NetlinkAnswer>> back = parse_netlink(request);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 1U);
  EXPECT_EQ((*back)[0].type, RTM_NEWLINK);
  using std::string_literals::operator""s;
  EXPECT_EQ(parse_attributes(std::string_view((*back)[0].payload).substr(sizeof(ifinfomsg))),
            (NetlinkAttributes{{3, "abcde"}, {28, "\7\0\0\0"s}}));
}

TEST(Netlink, WrongLengthsAreRefused) {
  const std::string good = NetlinkRequest(RTM_NEWADDR, 0).fixed(ifaddrmsg{}).take();
  for (size_t length = 1; length < good.size(); ++length)
    EXPECT_FALSE(parse_netlink(std::string_view(good).substr(0, length))) << length;
  std::string bad = good;
  bad[0] = 3;  // shorter than its own header
  EXPECT_FALSE(parse_netlink(bad));
  EXPECT_TRUE(parse_attributes("\2\0\1\0").empty()) << "an attribute shorter than its header";
  EXPECT_TRUE(parse_attributes("\xff\xff\1\0").empty());
}

NetlinkAnswer address(unsigned index, uint8_t scope, uint8_t flags, std::string_view local) {
  ifaddrmsg message = {};
  message.ifa_family = 2;
  message.ifa_prefixlen = 24;
  message.ifa_index = index;
  message.ifa_scope = scope;
  message.ifa_flags = flags;
  const std::string request = NetlinkRequest(RTM_NEWADDR, 0).fixed(message).attribute(IFA_LOCAL, local)
                                  .attribute(IFA_LABEL, "eth0").take();
  return {RTM_NEWADDR, request.substr(sizeof(nlmsghdr))};
}

TEST(NetDevices, OnlyPermanentGlobalAddressesOfTheInterfaceAreKept) {
  const std::vector<InterfaceAddress> kept = kept_addresses(
      {address(5, RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, "keep"), address(6, RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, "else"),
       address(5, RT_SCOPE_LINK, IFA_F_PERMANENT, "link"), address(5, RT_SCOPE_UNIVERSE, 0, "dhcp"),
       NetlinkAnswer{RTM_NEWADDR, "x"}},
      5);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].prefix, 24);
  EXPECT_EQ(kept[0].attributes, (NetlinkAttributes{{IFA_LOCAL, "keep"}}));
}

TEST(NetDevices, Plan) {
  oci::Linux linux_;
  linux_.net_devices = {{"eth0", {}}, {"eth1", {"inner"}}};
  EXPECT_EQ(*plan_net_devices(linux_), (std::vector<NetDeviceStep>{{"eth0", "eth0"}, {"eth1", "inner"}}));
  linux_.net_devices.push_back({"eth2", {"eth0"}});
  EXPECT_FALSE(plan_net_devices(linux_));
}

}  // namespace
}  // namespace nemoclaw::isolation
