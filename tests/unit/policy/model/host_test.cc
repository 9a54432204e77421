#include "policy/model/host.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(NormaliseHost, CanonicalForms) {
  const struct {
    const char *host, *canonical;
  } cases[] = {
      {"EXAMPLE.com", "example.com"},
      {"example.com.", "example.com"},
      {"localhost", "localhost"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"10.0.0.1", "10.0.0.1"},
      {"[::1]", "::1"},
      {"::1", "::1"},
      {"[2001:DB8::0:1]", "2001:db8::1"},
      {"[::ffff:127.0.0.1]", "127.0.0.1"},
      {"1.example", "1.example"},
      {"0x7f.example", "0x7f.example"},
      {"a-b.c", "a-b.c"},
  };
  for (const auto& c : cases) {
    const auto host = normalise_host(c.host);
    ASSERT_TRUE(host) << c.host << ": " << host.error().message;
    EXPECT_EQ(*host, c.canonical);
  }
}

TEST(NormaliseHost, RefusesNumbersThatAreAddressesToSomeone) {
  for (const char* host :
       {"2130706433", "0x7f000001", "0X7F000001", "0177.0.0.1", "127.1", "0x7f.1", "127.000.000.001",
        "010.0.0.1", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "example.123", "example.0x1", "0x"})
    EXPECT_FALSE(normalise_host(host)) << host;
}

TEST(NormaliseHost, RefusesBadNames) {
  const std::string label64(64, 'a');
  std::string name254;
  for (int i = 0; i < 126; ++i) name254 += "a.";
  name254 += "bb";
  const std::string cases[] = {"",
                               ".",
                               "..",
                               ".example.com",
                               "a..b",
                               "example.com..",
                               label64 + ".com",
                               name254,
                               std::string(300, 'a'),
                               "exa%6dple.com",
                               "%00",
                               "a%2eb",
                               "under_score.com",
                               "*.example.com",
                               "a b",
                               "a\"b",
                               "b\xc3\xbc"
                               "cher.example",
                               "example\xe3\x80\x82"
                               "com",
                               "\xef\xbd\x85xample.com",
                               std::string("a\0.example.com", 14),
                               "a\r\n.example",
                               "user@host",
                               "http://host",
                               "host/path",
                               "[::1",
                               "::1]",
                               "[fe80::1%25eth0]",
                               "fe80::1%eth0",
                               "[v1.x]",
                               "[10.0.0.1]",
                               "-a.example",
                               "a-.example",
                               "host:443"};
  for (const std::string& host : cases) {
    const auto result = normalise_host(host);
    ASSERT_FALSE(result) << quoted(host);
    // The message can be logged: no raw control bytes.
    for (char c : result.error().message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << quoted(host);
  }
}

TEST(NormaliseHost, LongestNameIsAccepted) {
  std::string name;
  for (int i = 0; i < 126; ++i) name += "a.";
  name += "b";
  ASSERT_EQ(name.size(), 253u);
  EXPECT_TRUE(normalise_host(name));
  EXPECT_TRUE(normalise_host(name + "."));
}

TEST(HostPattern, Matches) {
  const struct {
    const char *pattern, *host;
    bool expected;
  } cases[] = {
      {"api.example.com", "api.example.com", true},
      {"api.example.com", "xapi.example.com", false},
      {"API.Example.com", "api.example.com", true},
      {"*.example.com", "a.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", "a.b.example.com", false},
      {"*.example.com", "evilexample.com", false},
      {"*.example.com", "a.example.com.evil.com", false},
      {"**.example.com", "a.b.c.example.com", true},
      {"**.example.com", "a.example.com", true},
      {"**.example.com", "example.com", false},
      {"**.example.com", "evilexample.com", false},
      {"*-api.example.com", "eu-api.example.com", true},
      {"*-api.example.com", "api.example.com", false},
      {"*-api.example.com", "a.eu-api.example.com", false},
      {"api*.example.com", "api2.example.com", true},
      {"a*b*c.example.com", "axxbyyc.example.com", true},
      {"a*b*c.example.com", "axxbyy.example.com", false},
      {"svc.*.example.com", "svc.eu.example.com", true},
      {"svc.*.example.com", "svc.eu.x.example.com", false},
      {"**.svc.example.com", "a.svc.example.com", true},
      {"10.0.0.1", "10.0.0.1", true},
      {"[2001:db8::0:1]", "2001:db8::1", true},
  };
  for (const auto& c : cases) {
    const auto pattern = HostPattern::parse(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern << ": " << pattern.error().message;
    EXPECT_EQ(pattern->matches(c.host), c.expected) << c.pattern << " on " << c.host;
  }
}

TEST(HostPattern, RefusesWhatIsTooWideOrMeaningless) {
  for (const char* text : {"*", "**", "*.com", "**.com", "*.*.com", "a.*.com", "a.b.*", "a.b.c*",
                           "x.**.example.com", "a**.example.com", "", "**x.example.com", "svc.a*.example.com",
                           "*.example.com.", "example.com.", "*.0.0.1", "*..example.com", "*.exa_mple.com"})
    EXPECT_FALSE(HostPattern::parse(text)) << text;
}

TEST(HostPattern, Overlaps) {
  const struct {
    const char *a, *b;
    bool expected;
  } cases[] = {
      {"a.example.com", "a.example.com", true},
      {"a.example.com", "b.example.com", false},
      {"*.example.com", "a.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", "*.example.org", false},
      {"*.example.com", "*-api.example.com", true},
      {"eu-*.example.com", "*-api.example.com", true},
      {"eu-*.example.com", "us-*.example.com", false},
      {"**.example.com", "*.example.com", true},
      {"**.example.com", "*.a.example.com", true},
      {"**.a.example.com", "*.example.com", false},
      {"**.example.com", "**.a.example.com", true},
      {"**.b.example.com", "**.a.example.com", false},
      {"x.*.example.com", "*.y.example.com", true},
      {"a*a*a*a*a*a*a*a.example.com", "*b*b*b*b*b*b*b*b*b.example.com", false},
  };
  for (const auto& c : cases) {
    const auto a = HostPattern::parse(c.a), b = HostPattern::parse(c.b);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->overlaps(*b), c.expected) << c.a << " and " << c.b;
    EXPECT_EQ(b->overlaps(*a), c.expected) << c.b << " and " << c.a;
  }
}

}  // namespace
}  // namespace nemoclaw::policy
