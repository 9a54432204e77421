#include "policy/model/upstream_proxy.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(UpstreamProxy, UrlIsHttpHostAndPort) {
  for (const auto& [url, host, port] :
       {std::tuple{"http://Proxy.Corp:3128", "proxy.corp", 3128}, {"http://10.0.0.1:80/", "10.0.0.1", 80}, {"http://[fd00::1]:8080", "fd00::1", 8080}}) {
    UpstreamProxy proxy;
    const Result<void> parsed = parse_proxy_url(url, proxy);
    ASSERT_TRUE(parsed) << url << ": " << parsed.error().message;
    EXPECT_EQ(proxy.host, host);
    EXPECT_EQ(proxy.port, port);
  }
  for (const char* url : {"", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://proxy", "http://proxy:",
                          "http://proxy:0", "http://proxy:65536", "http://proxy:3128/path", "http://user:pw@proxy:3128",
                          "http://:3128", "http://0x7f.1:3128", "http://a b:3128"}) {
    UpstreamProxy proxy;
    EXPECT_FALSE(parse_proxy_url(url, proxy)) << url;
  }
}

TEST(UpstreamProxy, NamesAndAddressesGoDirectly) {
  UpstreamProxy proxy;
  for (const char* entry : {"example.com", ".Below.test", "*.star.test", "10.0.0.0/8", "192.0.2.7", "fd00::/8"})
    ASSERT_TRUE(add_direct(entry, proxy)) << entry;
  for (const char* entry : {"", ".", "*", "*.*.x", "a b", "10.0.0.1/8", "http://x", "x:80"})
    EXPECT_FALSE(add_direct(entry, proxy)) << entry;
  for (const char* host : {"example.com", "a.example.com", "a.b.example.com", "x.below.test", "y.star.test"})
    EXPECT_TRUE(is_direct_name(proxy, host)) << host;
  for (const char* host : {"evilexample.com", "example.com.evil", "below.test", "star.test", "com", "xbelow.test"})
    EXPECT_FALSE(is_direct_name(proxy, host)) << host;
  for (const char* address : {"10.1.2.3", "192.0.2.7", "fd00::7"})
    EXPECT_TRUE(is_direct_address(proxy, *parse_address(address))) << address;
  for (const char* address : {"11.0.0.1", "192.0.2.8", "2001:db8::1"})
    EXPECT_FALSE(is_direct_address(proxy, *parse_address(address))) << address;
}

}  // namespace
}  // namespace nemoclaw::policy
