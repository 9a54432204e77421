#include "proxy/dns/service_binding.h"

#include <gtest/gtest.h>

#include "proxy/dns/wire.h"

namespace nemoclaw::dns {
namespace {

std::string parameter(uint16_t key, const std::string& value) {
  return wire_u16(key) + wire_u16(static_cast<uint32_t>(value.size())) + value;
}
const std::string kSelf = wire_u16(1) + std::string(1, '\0');
const std::string kH2 = "\x02h2", kH3 = "\x02h3", kH3Draft = "\x05h3-29";

TEST(ServiceBinding, C20_withoutHttp3HiddenNamesAndHints) {
  const std::string full = kSelf + parameter(1, kH3 + kH2 + kH3Draft) + parameter(3, wire_u16(8443)) +
                           parameter(4, "1234") + parameter(5, "ech") + parameter(6, std::string(16, '6'));
  EXPECT_EQ(reduce_service_binding(full), kSelf + parameter(1, kH2) + parameter(3, wire_u16(8443)));
  EXPECT_EQ(reduce_service_binding(kSelf + parameter(1, kH3)), kSelf);
  EXPECT_EQ(reduce_service_binding(kSelf + parameter(0, wire_u16(1)) + parameter(1, kH2)),
            kSelf + parameter(1, kH2));
  // An alias is a name and nothing else.
  const std::string alias = wire_u16(0) + std::string("\x01") + "a" + std::string(1, '\0');
  EXPECT_EQ(reduce_service_binding(alias + parameter(5, "ech")), alias);
}

TEST(ServiceBinding, recordsThatMeanSomethingElseWithoutWhatIsTakenAway) {
  EXPECT_FALSE(reduce_service_binding(kSelf + parameter(0, wire_u16(5)) + parameter(5, "ech")));
  EXPECT_FALSE(reduce_service_binding(kSelf + parameter(1, kH3) + parameter(2, "")));
  for (const std::string& bad :
       {std::string(), kSelf.substr(0, 2), kSelf + "\x01", kSelf + parameter(1, "\x09x"),
        kSelf + parameter(1, std::string(1, '\0')), wire_u16(1) + "\xc0\x0c"})
    EXPECT_FALSE(reduce_service_binding(bad));
}

}  // namespace
}  // namespace nemoclaw::dns
