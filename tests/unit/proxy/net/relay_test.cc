#include "proxy/net/relay.h"

#include <gtest/gtest.h>

#include <optional>

#include "proxy/net/listener.h"

namespace nemoclaw::net {
namespace {

struct Pair {
  tcp::socket near, far;
};

Pair connect_pair(asio::io_context& loop) {
  tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket near(loop), far(loop);
  near.connect(acceptor.local_endpoint());
  acceptor.accept(far);
  return Pair{std::move(near), std::move(far)};
}

Task<void> send_and_finish(tcp::socket& socket, std::string text) {
  const auto [code, size] = co_await asio::async_write(socket, asio::buffer(text), kTuple);
  EXPECT_FALSE(code);
  asio::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

Task<void> receive_all(tcp::socket& socket, std::string& text, asio::error_code& end) {
  const auto [code, size] = co_await asio::async_read(socket, asio::dynamic_buffer(text), kTuple);
  end = code;
}

class RelayTest : public testing::Test {
 public:  // coroutines of the tests use it
  void run_relay(std::chrono::seconds idle = std::chrono::seconds(60), std::string early = {}) {
    relay_.emplace(client_.far, origin_.near, idle, [this] {
      finished_ = true;
      bytes_ = relay_->bytes();
      relay_.reset();
      asio::error_code ignored;
      client_.far.close(ignored);
      origin_.near.close(ignored);
    });
    relay_->start(std::move(early));
  }

  asio::io_context loop_;
  Pair client_ = connect_pair(loop_), origin_ = connect_pair(loop_);
  std::optional<Relay> relay_;
  RelayBytes bytes_;
  bool finished_ = false;
  std::string at_client_, at_origin_;
  asio::error_code client_end_, origin_end_;
};

TEST_F(RelayTest, B16_bothWaysWithHalfClose) {
  const std::string up(3'000'000, 'u'),
      down(5'000'000, 'd');  // more than any socket buffer: back-pressure works
  run_relay();
  start(loop_.get_executor(), send_and_finish(client_.near, up));
  start(loop_.get_executor(), [](RelayTest& test, std::string answer) -> Task<void> {
    co_await receive_all(test.origin_.far, test.at_origin_,
                         test.origin_end_);  // answers only after the end of the request
    co_await send_and_finish(test.origin_.far, std::move(answer));
  }(*this, down));
  start(loop_.get_executor(), receive_all(client_.near, at_client_, client_end_));
  loop_.run();
  EXPECT_TRUE(finished_);
  EXPECT_TRUE(at_origin_ == up);
  EXPECT_TRUE(at_client_ == down);
  EXPECT_EQ(origin_end_, asio::error::eof);
  EXPECT_EQ(client_end_, asio::error::eof);
  EXPECT_EQ(bytes_.out, up.size());
  EXPECT_EQ(bytes_.in, down.size());
}

TEST_F(RelayTest, B16_aResetIsPassedOnAsAReset) {
  run_relay();
  start(loop_.get_executor(), receive_all(client_.near, at_client_, client_end_));
  start(loop_.get_executor(), [](tcp::socket& origin) -> Task<void> {
    co_await asio::async_write(origin, asio::buffer("part", 4), kTuple);
    reset_connection(origin);
  }(origin_.far));
  loop_.run();
  EXPECT_TRUE(finished_);
  EXPECT_EQ(client_end_, asio::error::connection_reset);
}

TEST_F(RelayTest, B17_aReaderThatDoesNotReadStopsTheSender) {
  const std::string flood(size_t{192} << 20, 'f');
  run_relay();
  start(loop_.get_executor(), send_and_finish(origin_.far, flood));
  // Until nothing moves any more: what the kernel's buffers take, and no more.
  uint64_t before = 0;
  do {
    before = relay_->bytes().in;
    loop_.run_for(std::chrono::milliseconds(100));
  } while (relay_->bytes().in != before);
  EXPECT_FALSE(finished_);
  EXPECT_LT(relay_->bytes().in, flood.size() / 4);
  start(loop_.get_executor(), receive_all(client_.near, at_client_, client_end_));
  asio::error_code ignored;
  client_.near.shutdown(tcp::socket::shutdown_send, ignored);
  loop_.restart();
  loop_.run();
  EXPECT_TRUE(finished_);
  EXPECT_TRUE(at_client_ == flood);
}

TEST_F(RelayTest, whatTheClientHasSaidAlreadyComesFirst) {
  run_relay(std::chrono::seconds(60), "early ");
  start(loop_.get_executor(), send_and_finish(client_.near, "late"));
  start(loop_.get_executor(), [](RelayTest& test) -> Task<void> {
    co_await receive_all(test.origin_.far, test.at_origin_, test.origin_end_);
    co_await send_and_finish(test.origin_.far, "answer");
  }(*this));
  start(loop_.get_executor(), receive_all(client_.near, at_client_, client_end_));
  loop_.run();
  EXPECT_TRUE(finished_);
  EXPECT_EQ(at_origin_, "early late");
  EXPECT_EQ(at_client_, "answer");
  EXPECT_EQ(bytes_.out, at_origin_.size());
}

TEST_F(RelayTest, silenceEndsATunnel) {
  run_relay(std::chrono::seconds(0));
  start(loop_.get_executor(), receive_all(client_.near, at_client_, client_end_));
  loop_.run();
  EXPECT_TRUE(finished_);
  EXPECT_TRUE(client_end_);
}

TEST(Listener, knowsWhatWasNotRedirected) {
  asio::io_context loop;
  Pair pair = connect_pair(loop);
  EXPECT_FALSE(original_destination(FdRef(pair.far.native_handle()), pair.far.local_endpoint()));
}

}  // namespace
}  // namespace nemoclaw::net
