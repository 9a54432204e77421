#include "proxy/dns/name_memory.h"

#include <gtest/gtest.h>

namespace nemoclaw::dns {
namespace {

using Names = std::vector<std::string>;
const NameMemory::Time kNow{std::chrono::hours(1)};
using std::chrono::seconds;

asio::ip::address at(const char* text) { return asio::ip::make_address(text); }

TEST(NameMemory, newestFirstUntilItIsForgotten) {
  NameMemory memory;
  memory.remember(at("192.0.2.1"), "a.test", seconds(60), kNow);
  memory.remember(at("192.0.2.1"), "b.test", seconds(300), kNow);
  memory.remember(at("192.0.2.1"), "a.test", seconds(1), kNow);  // a shorter answer takes nothing back
  EXPECT_EQ(memory.names_of(at("192.0.2.1"), kNow), (Names{"a.test", "b.test"}));
  EXPECT_EQ(memory.names_of(at("::ffff:192.0.2.1"), kNow), (Names{"a.test", "b.test"}));
  EXPECT_EQ(memory.names_of(at("192.0.2.2"), kNow), Names{});
  EXPECT_EQ(memory.names_of(at("192.0.2.1"), kNow + seconds(661)), Names{"b.test"});
  EXPECT_EQ(memory.names_of(at("192.0.2.1"), kNow + seconds(901)), Names{});
}

TEST(NameMemory, isRestoredFromWhatItTold) {
  struct News {
    asio::ip::address address;
    std::string name;
    NameMemory::Time until;
  };
  std::vector<News> news;
  NameMemory memory;
  memory.on_news([&](const asio::ip::address& address, const std::string& name, NameMemory::Time until) {
    news.push_back({address, name, until});
  });
  for (int minute = 0; minute < 30; ++minute)
    memory.remember(at("192.0.2.1"), "a.test", seconds(60), kNow + seconds(60 * minute));
  memory.remember(at("::ffff:192.0.2.1"), "b.test", seconds(60), kNow + seconds(1800));
  EXPECT_LE(news.size(), 5U);  // not for every answer
  ASSERT_GE(news.size(), 3U);
  NameMemory next;
  for (const News& each : news) next.restore(each.address, each.name, each.until);
  // As long as the sandbox may believe the last answer.
  EXPECT_EQ(next.names_of(at("192.0.2.1"), kNow + seconds(29 * 60 + 59)), (Names{"b.test", "a.test"}));
  EXPECT_EQ(next.names_of(at("192.0.2.1"), kNow + std::chrono::hours(1)), Names{});
  for (uint32_t i = 0; i < 5000; ++i) next.restore(asio::ip::make_address_v4(0x0a000000 + i), "n.test", kNow);
  EXPECT_LE(next.size(), 4096u);
}

TEST(NameMemory, isBounded) {
  NameMemory memory;
  for (uint32_t i = 0; i < 5000; ++i)
    memory.remember(asio::ip::make_address_v4(0x0a000000 + i), "n.test", seconds(i), kNow);
  EXPECT_LE(memory.size(), 4096u);
  EXPECT_EQ(memory.names_of(asio::ip::make_address_v4(0x0a000000 + 4999), kNow), Names{"n.test"});
  EXPECT_EQ(memory.names_of(asio::ip::make_address_v4(0x0a000000), kNow),
            Names{});  // it would have ended first
  for (int i = 0; i < 100; ++i)
    memory.remember(at("192.0.2.1"), "n" + std::to_string(i) + ".test", seconds(60), kNow);
  EXPECT_LE(memory.names_of(at("192.0.2.1"), kNow).size(), 16u);
}

}  // namespace
}  // namespace nemoclaw::dns
