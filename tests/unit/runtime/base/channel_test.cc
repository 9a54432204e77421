#include "runtime/base/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nemoclaw {
namespace {

TEST(Channel, KeepsMessagesApart) {
  Result<ChannelPair> pair = make_channel_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair->parent.send(1, "one"));
  ASSERT_TRUE(pair->parent.send(2));
  EXPECT_EQ((*pair->child.receive())->payload, "one");
  EXPECT_EQ((*pair->child.receive())->kind, 2u);
  pair->parent.close();
  EXPECT_FALSE(pair->child.receive()->has_value());
}

TEST(Channel, LastWordsAreHeard) {
  // The peer dies with our message unread: what it said before must still arrive.
  Result<ChannelPair> pair = make_channel_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair->parent.send(1, "unread"));
  ASSERT_TRUE(pair->child.send(13, "failed"));
  pair->child.close();
  EXPECT_EQ((*pair->parent.receive())->payload, "failed");
  EXPECT_FALSE(pair->parent.receive()->has_value());
  EXPECT_FALSE(pair->parent.send(1));  // an error, not a signal
}

TEST(Channel, CarriesDescriptorsWithAMessage) {
  Result<ChannelPair> pair = make_channel_pair();
  ASSERT_TRUE(pair);
  std::vector<Fd> sent;
  for (size_t i = 0; i < Channel::descriptors_max; ++i) sent.emplace_back(open("/dev/null", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(pair->parent.send(2, "with", sent));
  ASSERT_TRUE(pair->parent.send(3, "without"));
  const auto with = pair->child.receive(), without = pair->child.receive();
  ASSERT_TRUE(with && *with && without && *without);
  EXPECT_EQ((*with)->payload, "with");
  ASSERT_EQ((*with)->descriptors.size(), sent.size());
  for (const Fd& each : (*with)->descriptors) {
    EXPECT_EQ(write(each.raw(), "x", 1), 1);
    EXPECT_EQ(fcntl(each.raw(), F_GETFD), FD_CLOEXEC);
  }
  EXPECT_TRUE((*without)->descriptors.empty());
  sent.emplace_back(open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_FALSE(pair->parent.send(4, "too many", sent));
}

TEST(Channel, LongPayloadsAreCut) {
  Result<ChannelPair> pair = make_channel_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair->child.send(1, std::string(Channel::payload_bytes_max + 1, 'x')));
  EXPECT_EQ((*pair->parent.receive())->payload.size(), Channel::payload_bytes_max);
}

TEST(Channel, CarriesADescriptor) {
  Result<ChannelPair> pair = make_channel_pair();
  ASSERT_TRUE(pair);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd in(ends[0]), out(ends[1]);
  ASSERT_TRUE(send_descriptor(pair->child.fd(), out, "/dev/pts/0"));
  Result<Fd> received = receive_descriptor(pair->parent.fd());
  ASSERT_TRUE(received) << received.error().message;
  ASSERT_EQ(write(received->raw(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(in.raw(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  ASSERT_TRUE(pair->child.send(1));
  EXPECT_FALSE(receive_descriptor(pair->parent.fd()));
}

}  // namespace
}  // namespace nemoclaw
