#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proxy/serve/options.h"
#include "proxy/serve/setup.h"
#include "proxy/serve/named_tunnel.h"
#include "proxy/serve/state.h"
#include "proxy/serve/upstream_credentials.h"
#include "runtime/base/file.h"

namespace nemoclaw::serve {
namespace {

Result<Options> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "nemoclaw-proxy");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), arguments.data());
}

TEST(Options, readsAllAndRefusesTheRest) {
  const Result<Options> options = parse(
      {"--sandbox-dir", "/run/x", "--holder-fd", "5", "--config=/etc/c.yaml", "--socket", "explicit=6",
       "--socket", "explicit=7", "--restarts", "3", "--last-end", "signal 9 (Killed)", "--beside-another"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->sandbox_directory, "/run/x");
  EXPECT_EQ(options->holder_fd, 5);
  EXPECT_EQ(options->config_file, "/etc/c.yaml");
  ASSERT_EQ(options->sockets.size(), 2u);
  EXPECT_EQ(options->sockets[1].name, "explicit");
  EXPECT_EQ(options->sockets[1].fd, 7);
  EXPECT_EQ(options->restarts, 3u);
  EXPECT_EQ(options->last_end, "signal 9 (Killed)");
  EXPECT_TRUE(options->beside_another);
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--holder-fd", "5"},
                                                {"--sandbox-dir"},
                                                {"--sandbox-dir", "/x"},
                                                {"--sandbox-dir", "/x", "--holder-fd", "x"},
                                                {"--sandbox-dir", "/x", "--holder-fd", "-1"},
                                                {"--sandbox-dir", "/x", "--holder-fd", "5", "--socket", "6"},
                                                {"--sandbox-dir", "/x", "--holder-fd", "5", "--socket", "=6"},
                                                {"--sandbox-dir", "/x", "--holder-fd", "5", "--socket", "a="},
                                                {"--sandbox-dir", "/x", "extra"},
                                                {"--sandbox-dir", "/x", "--nope"}}) {
    const Result<Options> refused = parse(words);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit_code, 2);
  }
}

TEST(NodeAddresses, oneAddressPerLine) {
  const auto addresses = parse_node_addresses("10.0.0.1\n\nfe80::1%eth0\n2001:db8::1");
  ASSERT_TRUE(addresses);
  ASSERT_EQ(addresses->size(), 3u);
  EXPECT_EQ(policy::to_string((*addresses)[0]), "10.0.0.1");
  EXPECT_EQ(policy::to_string((*addresses)[1]), "fe80::1");
  EXPECT_FALSE(parse_node_addresses("10.0.0.1\nnonsense\n"));
}

TEST(State, theNextWorkerKnowsWhatTheLastOneWrote) {
  const Fd file(memfd_create("state", MFD_CLOEXEC));
  ASSERT_EQ(fcntl(file.raw(), F_SETFL, O_APPEND), 0);
  State first(Fd(fcntl(file.raw(), F_DUPFD_CLOEXEC, 0)));
  EXPECT_FALSE(first.read()->start);
  ASSERT_TRUE(first.remember_start({"nameserver 10.0.0.1\n", "10.0.0.2 db\n"}));
  ASSERT_TRUE(first.remember_binaries("{\"binaries\":[]}"));
  ASSERT_TRUE(first.remember_trust("one", "/usr/bin/\n\"x", "00"));
  ASSERT_TRUE(first.remember_policy({"one", 2, 2, {}}));
  ASSERT_TRUE(first.remember_policy({"two", 5, 2, {}}));
  first.remember_name({"192.0.2.1", "a.test", 123456});
  ASSERT_TRUE(first.remember_policy({"one", 3, 3, {{"/bin/sh", "/bin/busybox"}}}));
  ASSERT_EQ(write(file.raw(), "{\"kind\":\"tru", 12), 12);  // cut off by a crash
  const Result<Remembered> known = State(Fd(fcntl(file.raw(), F_DUPFD_CLOEXEC, 0))).read();
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->start->resolv_conf, "nameserver 10.0.0.1\n");
  EXPECT_EQ(known->start->hosts, "10.0.0.2 db\n");
  EXPECT_EQ(known->binaries, "{\"binaries\":[]}");
  ASSERT_EQ(known->policies.size(), 2u);
  EXPECT_EQ(known->policies[1].container, "one");  // the last one that was set
  EXPECT_EQ(known->policies[1].revision, 3u);
  EXPECT_EQ(known->policies[1].generation, 3u);
  EXPECT_EQ(known->policies[1].aliases[0].resolved, "/bin/busybox");
  ASSERT_EQ(known->names.size(), 1u);
  EXPECT_EQ(known->names[0].address + known->names[0].name, "192.0.2.1a.test");
  EXPECT_EQ(known->names[0].until_ms, 123456);
  ASSERT_EQ(known->trusted.size(), 1u);
  EXPECT_EQ(known->trusted[0].path, "/usr/bin/\n\"x");
}

TEST(UpstreamCredentials, areOneLine) {
  for (const char* text : {"user:pass", "user:pass\n", "user:pass\r\n"})
    EXPECT_EQ(render_basic_credentials(text).value_or(""), "Basic dXNlcjpwYXNz") << text;
  EXPECT_EQ(render_basic_credentials("u:").value_or(""), "Basic dTo=");
  for (const char* text : {"", "\n", "user", ":pass", "user:pass\nX: y", "u:\tp", "u:p\x7f"})
    EXPECT_FALSE(render_basic_credentials(text)) << text;
}

TEST(ServerName, MustBeThatOfTheTunnel) {
  tls::ClientHello hello;
  EXPECT_EQ(server_name_problem(hello, "a.test"), "");
  hello.server_name = "A.Test";
  EXPECT_EQ(server_name_problem(hello, "a.test"), "");
  EXPECT_NE(server_name_problem(hello, "b.test"), "");
  EXPECT_NE(server_name_problem(hello, "192.0.2.1"), "");
  hello.server_name = "a.test/";
  EXPECT_NE(server_name_problem(hello, "a.test"), "");
}

TEST(State, whatCannotBeReadIsAnErrorAndNotForgotten) {
  for (const char* text : {"x\n", "[]\n", "{}\n", "{\"kind\":\"new\"}\n"})
    EXPECT_FALSE(parse_state(text)) << text;
}

}  // namespace
}  // namespace nemoclaw::serve
