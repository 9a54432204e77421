#include "proxy/http/authority.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

struct Case {
  const char* text;
  std::optional<uint16_t> default_port;
  const char* host;  // nullptr: refused
  uint16_t port = 0;
};

TEST(Authority, parsesOrRefuses) {
  const Case cases[] = {
      {"h.test:443", {}, "h.test", 443},
      {"H.test:1", {}, "H.test", 1},
      {"h.test:65535", {}, "h.test", 65535},
      {"h.test", 80, "h.test", 80},
      {"1.2.3.4:80", {}, "1.2.3.4", 80},
      {"[::1]:80", {}, "::1", 80},
      {"[0:0::1]", 80, "::1", 80},
      {"[::FFFF:1.2.3.4]:80", {}, "::ffff:1.2.3.4", 80},
      {"", 80, nullptr},
      {":80", {}, nullptr},
      {"h.test:", 80, nullptr},
      {"h.test:0", {}, nullptr},
      {"h.test: 80", {}, nullptr},
      {"h.test:80 ", {}, nullptr},
      {"a b:80", {}, nullptr},
      {"a@b:80", {}, nullptr},
      {"[::1", 80, nullptr},
      {"[::1]x:80", {}, nullptr},
      {"[1.2.3.4]:80", {}, nullptr},
      {"[]:80", {}, nullptr},
      {"[::1%lo]:80", {}, nullptr},
      {"h\xc3\xa9.test:80", {}, nullptr},
      {"h.test:80:80", {}, nullptr},
      {"h.test:99999", {}, nullptr},
      {"h%2etest:80", {}, nullptr},
      {"*:80", {}, nullptr},
  };
  for (const Case& each : cases) {
    const Result<Authority> authority = parse_authority(each.text, each.default_port);
    ASSERT_EQ(authority.has_value(), each.host != nullptr) << each.text;
    if (!each.host) continue;
    EXPECT_EQ(authority->host, each.host);
    EXPECT_EQ(authority->port, each.port);
  }
  EXPECT_FALSE(parse_authority(std::string(301, 'a'), 80));
}

TEST(Authority, rendersForHost) {
  EXPECT_EQ(render_authority({"h.test", 80, false}, 80), "h.test");
  EXPECT_EQ(render_authority({"h.test", 81, false}, 80), "h.test:81");
  EXPECT_EQ(render_authority({"::1", 81, true}, 80), "[::1]:81");
}

}  // namespace
}  // namespace nemoclaw::http
