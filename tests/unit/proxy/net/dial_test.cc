#include "proxy/net/dial.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "runtime/base/fd.h"

namespace nemoclaw::net {
namespace {

std::vector<asio::ip::address> addresses_of(const std::vector<const char*>& texts) {
  std::vector<asio::ip::address> addresses;
  for (const char* text : texts) addresses.push_back(asio::ip::make_address(text));
  return addresses;
}

TEST(AlternateFamilies, theFirstStaysFirst) {
  EXPECT_EQ(alternate_families(
                addresses_of({"2001:db8::1", "2001:db8::2", "192.0.2.1", "2001:db8::3", "192.0.2.2"})),
            addresses_of({"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"}));
  EXPECT_EQ(alternate_families(addresses_of({"192.0.2.1", "192.0.2.2", "2001:db8::1"})),
            addresses_of({"192.0.2.1", "2001:db8::1", "192.0.2.2"}));
  EXPECT_TRUE(alternate_families({}).empty());
}

class Dial : public testing::Test {
 protected:
  void SetUp() override {
    const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!set_mark(probe)) GTEST_SKIP() << "sockets cannot be marked here (CAP_NET_ADMIN)";
  }
  static bool set_mark(const Fd& fd) {
    const int mark = 1;
    return setsockopt(fd.raw(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
  }
  // The address that was reached, or the error.
  std::string dial_to(const std::vector<const char*>& texts, uint16_t port) {
    std::string out;
    start(loop_.get_executor(),
          [](std::vector<asio::ip::address> addresses, uint16_t at, std::string& answer) -> Task<void> {
            tcp::socket socket(co_await asio::this_coro::executor);
            const DialTimes times{std::chrono::milliseconds(20), std::chrono::milliseconds(300),
                                  std::chrono::milliseconds(1000)};
            const Result<tcp::endpoint> reached = co_await dial(socket, addresses, at, times);
            answer = reached ? reached->address().to_string() : reached.error().message;
            if (reached && socket.remote_endpoint() != *reached) answer += " (another socket)";
          }(addresses_of(texts), port, out));
    loop_.restart();
    loop_.run();
    return out;
  }
  asio::io_context loop_;
};

TEST_F(Dial, aRefusalBringsTheNextAddress) {
  tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::make_address("127.0.0.3"), 0));
  const uint16_t port = acceptor.local_endpoint().port();
  EXPECT_EQ(dial_to({"127.0.0.1", "127.0.0.2", "127.0.0.3"}, port), "127.0.0.3");
  EXPECT_EQ(dial_to({"127.0.0.3", "127.0.0.1"}, port), "127.0.0.3");
  EXPECT_EQ(dial_to({"127.0.0.1"}, port), "127.0.0.1: connect: connection refused");
  EXPECT_EQ(dial_to({}, port), "no address");
}

// A queue that is full answers no SYN, as a black hole does.
TEST_F(Dial, B18_aSilentAddressDoesNotHoldUpTheNext) {
  tcp::acceptor silent(loop_, tcp::v4());
  silent.bind(tcp::endpoint(asio::ip::make_address("127.0.0.4"), 0));
  ASSERT_EQ(::listen(silent.native_handle(), 0), 0);
  const uint16_t port = silent.local_endpoint().port();
  std::vector<Fd> fill;
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const tcp::endpoint there = silent.local_endpoint();
    (void)::connect(fill.back().raw(), there.data(), static_cast<socklen_t>(there.size()));
  }
  tcp::acceptor answers(loop_, tcp::endpoint(asio::ip::make_address("127.0.0.5"), port));
  EXPECT_EQ(dial_to({"127.0.0.4", "127.0.0.5"}, port), "127.0.0.5");
  EXPECT_EQ(dial_to({"127.0.0.4"}, port).substr(0, 23), "127.0.0.4: no answer wi");
}

}  // namespace
}  // namespace nemoclaw::net
