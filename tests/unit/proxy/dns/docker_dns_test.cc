#include "proxy/dns/docker_dns.h"

#include <gtest/gtest.h>

#include "proxy/dns/fallback.h"

namespace nemoclaw::dns {
namespace {

using Servers = std::vector<std::string>;

TEST(DockerDns, isKnownByItsAddress) {
  EXPECT_TRUE(names_docker_resolver(parse_resolv_conf("nameserver 127.0.0.11\noptions ndots:0\n")));
  EXPECT_FALSE(names_docker_resolver(parse_resolv_conf("nameserver 127.0.0.53\n# 127.0.0.11\n")));
}

TEST(DockerDns, externalServersOfTheComment) {
  const struct {
    const char* text;
    Servers servers;
  } cases[] = {
      {"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53) 10.0.0.2 2001:db8::2]\n",
       {"10.0.0.2", "2001:db8::2"}},
      {"# ExtServers: [1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4]", {"1.1.1.1", "2.2.2.2", "3.3.3.3"}},
      {"# ExtServers: [10.0.0.2", {"10.0.0.2"}},
      {"# ExtServers: []\n", {}},
      {"search # ExtServers: [10.0.0.2]\n", {}},
      {"nameserver 127.0.0.11\n", {}},
  };
  for (const auto& each : cases) EXPECT_EQ(parse_external_servers(each.text), each.servers) << each.text;
}

TEST(DockerDns, serversOfDockersFiles) {
  EXPECT_EQ(parse_docker_servers(R"({"Dns":["10.0.0.2","127.0.0.1","::1","0.0.0.0","x"]})", "Dns"),
            Servers{"10.0.0.2"});
  for (const char* text : {"", "{", "[]", R"({"Dns":null})", R"({"Dns":[1,{}]})", R"({"dns":["10.0.0.2"]})"})
    EXPECT_TRUE(parse_docker_servers(text, "Dns").empty()) << text;
}

std::unique_ptr<Resolver> of_hosts(asio::io_context& loop, const char* hosts) {
  return std::move(*Resolver::create(loop.get_executor(), {}, parse_hosts(hosts)));
}

std::string resolve(asio::io_context& loop, Resolver& resolver, std::string name) {
  std::string text;
  net::start(loop.get_executor(), [](Resolver& asked, std::string what, std::string& out) -> net::Task<void> {
    const auto answer = co_await asked.resolve(std::move(what));
    out = answer ? answer->front().to_string() : answer.error().message;
  }(resolver, std::move(name), text));
  loop.restart();
  loop.run();
  return text;
}

TEST(Fallback, theFirstThatKnowsTheName) {
  asio::io_context loop;
  const auto resolver = with_fallback(loop.get_executor(), of_hosts(loop, "10.0.0.1 inner both\n"),
                                      of_hosts(loop, "10.0.0.2 outer both\n"), std::chrono::milliseconds(50));
  EXPECT_EQ(resolve(loop, *resolver, "inner"), "10.0.0.1");
  EXPECT_EQ(resolve(loop, *resolver, "both"), "10.0.0.1");
  EXPECT_EQ(resolve(loop, *resolver, "outer"), "10.0.0.2");
  EXPECT_EQ(resolve(loop, *resolver, "nobody"), "the container's resolv.conf names no server");
}

}  // namespace
}  // namespace nemoclaw::dns
