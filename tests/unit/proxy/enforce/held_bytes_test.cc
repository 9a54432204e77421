#include "proxy/enforce/held_bytes.h"

#include <gtest/gtest.h>

namespace nemoclaw::enforce {
namespace {

TEST(HeldBytes, AllRequestsTogetherAreBounded) {
  BodyMemory memory(100);
  {
    HeldBytes first(memory), second(memory);
    EXPECT_TRUE(first.grow_to(60));
    EXPECT_TRUE(first.grow_to(10)) << "it has that many";
    EXPECT_FALSE(second.grow_to(41));
    EXPECT_EQ(memory.held(), 60U);
    EXPECT_TRUE(second.grow_to(40));
    EXPECT_FALSE(first.grow_to(SIZE_MAX));
  }
  EXPECT_EQ(memory.held(), 0U) << "what ends gives its part back";
}

}  // namespace
}  // namespace nemoclaw::enforce
