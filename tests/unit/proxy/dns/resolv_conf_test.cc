#include "proxy/dns/resolv_conf.h"

#include <gtest/gtest.h>

#include "proxy/dns/resolver.h"

namespace nemoclaw::dns {
namespace {

TEST(ResolvConf, takesServersAndBoundedOptions) {
  const ResolvConf configuration = parse_resolv_conf(
      "# comment\nsearch internal.corp\nnameserver 127.0.0.11\nnameserver\t2001:db8::1 # second\r\n; x\n"
      "nameserver not-an-address\nnameserver fe80::1%eth0\noptions ndots:5 timeout:99 attempts:0 rotate\n"
      "nameserver 9.9.9.9\nnameserver 8.8.8.8");
  EXPECT_EQ(configuration.nameservers, (std::vector<std::string>{"127.0.0.11", "2001:db8::1", "9.9.9.9"}));
  EXPECT_EQ(configuration.timeout_s, 10u);
  EXPECT_EQ(configuration.attempts, 1u);
}

TEST(ResolvConf, emptyAndGarbage) {
  EXPECT_TRUE(parse_resolv_conf("").nameservers.empty());
  EXPECT_TRUE(parse_resolv_conf("nameserver\noptions timeout:x\n\n\n").nameservers.empty());
  EXPECT_EQ(parse_resolv_conf("options timeout:x").timeout_s, ResolvConf{}.timeout_s);
}

TEST(Hosts, namesAreLowerCaseAndKeepTheirOrder) {
  const Hosts hosts = parse_hosts(
      "127.0.0.1 localhost\n10.0.0.1\tDB.internal db # x\n::1 localhost ip6\n10.0.0.2 db\nbad "
      "db\n10.0.0.3\n");
  EXPECT_EQ(hosts.at("localhost"), (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(hosts.at("db.internal"), (std::vector<std::string>{"10.0.0.1"}));
  EXPECT_EQ(hosts.at("db"), (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(hosts.size(), 4u);
}

// The answer of one lookup, or "error: ...".
std::string ask(const std::string& hosts, const std::string& name) {
  asio::io_context loop;
  const auto resolver = Resolver::create(loop.get_executor(), ResolvConf{}, parse_hosts(hosts));
  EXPECT_TRUE(resolver);
  std::string answer;
  net::start(loop.get_executor(), [](Resolver& from, std::string asked, std::string& out) -> net::Task<void> {
    const auto addresses = co_await from.resolve(std::move(asked));
    if (!addresses)
      out = "error: " + addresses.error().message;
    else
      for (const auto& address : *addresses) out += address.to_string() + " ";
  }(**resolver, name, answer));
  loop.run();
  return answer;
}

TEST(Resolver, hostsEntriesAndLiteralsNeedNoServer) {
  EXPECT_EQ(ask("10.0.0.1 db\nfd00::1 db\n", "db"), "10.0.0.1 fd00::1 ");
  EXPECT_EQ(ask("", "192.0.2.1"), "192.0.2.1 ");
  EXPECT_EQ(ask("", "2001:db8::1"), "2001:db8::1 ");
  EXPECT_EQ(ask("10.0.0.1 db\n", "other").rfind("error: ", 0), 0u);
}

}  // namespace
}  // namespace nemoclaw::dns
