#include "proxy/serve/outer_dns.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "runtime/base/file.h"

namespace nemoclaw::serve {
namespace {

using Servers = std::vector<std::string>;

TEST(OuterDns, followsDockersOrder) {
  char pattern[] = "/tmp/outer-dns-test-XXXXXX";
  ASSERT_NE(mkdtemp(pattern), nullptr);
  const std::string directory = pattern;
  const HostFiles files{directory + "/daemon.json", directory + "/host.conf", directory + "/resolved.conf"};
  const auto servers = [&] { return outer_nameservers(directory + "/resolv.conf", files); };
  const auto write = [&](const char* name, const char* text) {
    ASSERT_TRUE(write_file_atomic(directory + "/" + name, text, 0600));
  };
  EXPECT_EQ(servers(), Servers{});
  write("resolved.conf", "nameserver 10.0.0.1\n");
  write("host.conf", "nameserver 127.0.0.53\n");
  EXPECT_EQ(servers(), Servers{"10.0.0.1"});
  write("host.conf", "nameserver 10.0.0.2\n");
  EXPECT_EQ(servers(), Servers{"10.0.0.2"});
  write("hostconfig.json", R"({"Dns":[]})");
  write("daemon.json", R"({"dns":["10.0.0.3"]})");
  EXPECT_EQ(servers(), Servers{"10.0.0.3"});
  write("hostconfig.json", R"({"Dns":["10.0.0.4","127.0.0.1"]})");
  EXPECT_EQ(servers(), Servers{"10.0.0.4"});
  EXPECT_EQ(outer_nameservers("", files), Servers{"10.0.0.3"});
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace nemoclaw::serve
