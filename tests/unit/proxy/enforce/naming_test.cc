#include "proxy/enforce/naming.h"

#include <gtest/gtest.h>

namespace nemoclaw::enforce {
namespace {

using tls::Protocol;

std::string name(const std::vector<std::string>& names, Protocol protocol, const std::string& claim,
                 const std::string& malformed = {}) {
  tls::Sniffed sniffed;
  sniffed.protocol = protocol;
  sniffed.name = claim;
  sniffed.malformed = malformed;
  const Naming naming = name_destination(asio::ip::make_address("192.0.2.1"), 443, names, sniffed);
  if (!naming.refusal.reason.empty()) return naming.refusal.code + ": " + naming.refusal.reason;
  return naming.host;
}

TEST(NameDestination, theClaimOrElseTheLookupOrElseTheAddress) {
  EXPECT_EQ(name({}, Protocol::Other, ""), "192.0.2.1");
  EXPECT_EQ(name({"new.test", "old.test"}, Protocol::Other, ""), "new.test");
  EXPECT_EQ(name({"new.test", "old.test"}, Protocol::Tls, "OLD.test"), "old.test");
  EXPECT_EQ(name({"new.test"}, Protocol::Tls, "other.test"), "other.test");
  EXPECT_EQ(name({"new.test"}, Protocol::Tls, "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(name({}, Protocol::Http1, "a.test:443"), "a.test");
  EXPECT_EQ(name({}, Protocol::Http1, "a.test"), "a.test");
}

TEST(NameDestination, C3_namesThatCannotBeJudged) {
  EXPECT_EQ(name({"a.test"}, Protocol::Tls, std::string("a\0b.test", 8)).substr(0, 16), "invalid_request:");
  EXPECT_EQ(name({"a.test"}, Protocol::Tls, std::string(300, 'a')).substr(0, 16), "invalid_request:");
  EXPECT_EQ(name({"a.test"}, Protocol::Tls, "a.test:443").substr(0, 16), "invalid_request:");
  EXPECT_EQ(name({"a.test"}, Protocol::Tls, "0x7f.1").substr(0, 16), "invalid_request:");
  EXPECT_EQ(name({"a.test"}, Protocol::Http1, "user@a.test").substr(0, 16), "invalid_request:");
  EXPECT_EQ(name({"a.test"}, Protocol::Http1, "a.test:80"),
            "authority_mismatch: Host names port 80, the connection is to port 443");
  EXPECT_EQ(name({"a.test"}, Protocol::Tls, "", "a record of a forbidden length"),
            "invalid_request: TLS: a record of a forbidden length");
}

}  // namespace
}  // namespace nemoclaw::enforce
