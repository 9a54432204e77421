// Who gets a connection that an earlier request has left. Numbers are those of the attack checklist.
#include "proxy/enforce/idle_origins.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace nemoclaw::enforce {
namespace {

using net::tcp;
using std::chrono::seconds;
constexpr const char* kPlain = "plain";

class Idle : public testing::Test {
 protected:
  // The origin's end goes to `ends_`.
  std::unique_ptr<OriginLink> make_link(const std::string& profile = kPlain) {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    tcp::socket ours(loop_);
    ours.assign(tcp::v4(), pair[0]);
    ends_.emplace_back(loop_).assign(tcp::v4(), pair[1]);
    auto link = std::make_unique<OriginLink>(std::move(ours));
    link->stream = std::make_unique<net::PlainStream>(link->socket);
    link->address = address_;
    link->profile = profile;
    return link;
  }
  bool take(const std::string& key, seconds after = seconds(0), const std::string& profile = kPlain,
            seconds idle_max = seconds(30)) {
    return idle_.take(key, {address_}, profile, idle_max, now_ + after) != nullptr;
  }

  asio::io_context loop_;
  std::vector<tcp::socket> ends_;
  IdleOrigins idle_;
  const asio::ip::address address_ = asio::ip::make_address("192.0.2.1");
  const IdleOrigins::Time now_ = std::chrono::steady_clock::now();
};

TEST_F(Idle, IsForTheSameKeyAndProfileAndOnce) {
  idle_.put("a", make_link(), now_);
  idle_.put("a", make_link("tls h2 http/1.1"), now_);
  EXPECT_FALSE(take("b"));
  EXPECT_FALSE(take("a", {}, "tls http/1.1"));
  EXPECT_TRUE(take("a"));
  EXPECT_FALSE(take("a"));
  EXPECT_TRUE(take("a", {}, "tls h2 http/1.1"));
  EXPECT_EQ(idle_.size(), 0u);
}

TEST_F(Idle, E6_AnAddressThatIsNotJudgedNowIsNotUsed) {
  idle_.put("a", make_link(), now_);
  const IdleOrigins::Addresses others{asio::ip::make_address("192.0.2.2")};
  EXPECT_EQ(idle_.find("a", others, now_), std::nullopt);
  EXPECT_EQ(idle_.take("a", others, kPlain, seconds(30), now_), nullptr);
  EXPECT_EQ(idle_.find("a", {others[0], address_}, now_), address_);
  EXPECT_TRUE(take("a"));
}

TEST_F(Idle, A44_WhatAnOriginSaysUnaskedEndsItsConnection) {
  idle_.put("a", make_link(), now_);
  ends_[0].write_some(asio::buffer("HTTP/1.1 200 OK\r\n\r\n", 19));
  EXPECT_EQ(idle_.find("a", {address_}, now_), std::nullopt);
  EXPECT_FALSE(take("a"));
  idle_.put("a", make_link(), now_);
  ends_[1].close();
  EXPECT_FALSE(take("a"));
  EXPECT_EQ(idle_.size(), 0u);
}

TEST_F(Idle, OfSeveralTheLastOneThatIsStillGood) {
  for (int i = 0; i < 3; ++i) idle_.put("a", make_link(), now_);
  ends_[2].close();
  const auto taken = idle_.take("a", {address_}, kPlain, seconds(30), now_);
  ASSERT_TRUE(taken);
  taken->socket.write_some(asio::buffer("x", 1));
  char byte;
  EXPECT_EQ(ends_[1].read_some(asio::buffer(&byte, 1)), 1u);
  EXPECT_EQ(idle_.size(), 1u);
}

TEST_F(Idle, AgeIsBounded) {
  idle_.put("a", make_link(), now_);
  EXPECT_FALSE(take("a", seconds(31)));
  idle_.put("a", make_link(), now_);
  EXPECT_FALSE(take("a", seconds(11), kPlain, seconds(10)));
  auto announced = make_link();
  announced->patience = seconds(4);
  idle_.put("a", std::move(announced), now_);
  EXPECT_FALSE(take("a", seconds(5)));
}

TEST_F(Idle, NumbersAreBounded) {
  for (size_t i = 0; i < IdleOrigins::kMax + 5; ++i) idle_.put("a", make_link(), now_ + std::chrono::nanoseconds(i));
  EXPECT_EQ(idle_.size(), IdleOrigins::kMax);
  idle_.trim(now_ + seconds(1));
  EXPECT_EQ(idle_.size(), IdleOrigins::kMax);  // in use a moment ago
  idle_.trim(now_ + seconds(3));
  EXPECT_EQ(idle_.size(), IdleOrigins::kRestingPerKey);
  auto later = now_ + seconds(3);
  for (const char* key : {"b", "c", "d", "e", "f"})
    for (int i = 0; i < 8; ++i) idle_.put(key, make_link(), later += std::chrono::nanoseconds(1));
  idle_.trim(now_ + seconds(6));
  EXPECT_EQ(idle_.size(), IdleOrigins::kResting);
  EXPECT_FALSE(take("a", seconds(6)));  // the oldest went first
  EXPECT_TRUE(take("f", seconds(6)));
  idle_.trim(now_ + seconds(40));
  EXPECT_EQ(idle_.size(), 0u);
}

TEST_F(Idle, H2_AnotherPolicyOfAContainerDropsItsConnections) {
  Container one, two;
  one.subject.container = "one";
  two.subject.container = "one2";
  const policy::L4Request request{{}, "h.test", 443};
  const std::string first = origin_key(one, request, {}), second = origin_key(two, request, {});
  idle_.put(first, make_link(), now_);
  idle_.put(second, make_link(), now_);
  idle_.drop("one");
  EXPECT_FALSE(take(first));
  EXPECT_TRUE(take(second));
}

TEST(OriginKey, I15_IsAnotherForEveryDifferenceBetweenCallers) {
  Container container;
  container.subject = {"c", "p", "d", 1};
  policy::L4Request request;
  request.host = "h.test";
  request.port = 443;
  request.caller = {"/bin/a", "00", {"/bin/b", "/bin/c"}, {"11", "22"}, "", "", ""};
  std::vector<std::string> keys{origin_key(container, request, 0)};
  keys.push_back(origin_key(container, request, {}));
  keys.push_back(origin_key(container, request, 1));
  const auto with = [&](auto change) {
    Container other = Container();
    other.subject = container.subject;
    policy::L4Request changed = request;
    change(other, changed);
    keys.push_back(origin_key(other, changed, 0));
  };
  with([](Container& c, auto&) { c.subject.container = "d"; });
  with([](Container& c, auto&) { c.subject.generation = 2; });
  with([](auto&, policy::L4Request& r) { r.host = "i.test"; });
  with([](auto&, policy::L4Request& r) { r.port = 80; });
  with([](auto&, policy::L4Request& r) { r.caller.binary = "/bin/x"; });
  with([](auto&, policy::L4Request& r) { r.caller.binary_sha256 = "01"; });
  with([](auto&, policy::L4Request& r) { r.caller.script = "/bin/s"; });
  with([](auto&, policy::L4Request& r) { r.caller.ancestors.pop_back(); });
  with([](auto&, policy::L4Request& r) { r.caller.ancestors[0] = "/bin/x"; });
  with([](auto&, policy::L4Request& r) { r.caller.ancestor_sha256[1] = "23"; });
  with([](auto&, policy::L4Request& r) { r.caller.ancestor_sha256.pop_back(); });
  for (size_t a = 0; a < keys.size(); ++a)
    for (size_t b = a + 1; b < keys.size(); ++b) EXPECT_NE(keys[a], keys[b]) << a << " " << b;
}

}  // namespace
}  // namespace nemoclaw::enforce
