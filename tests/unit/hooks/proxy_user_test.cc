#include "hooks/proxy_user.h"

#include <gtest/gtest.h>

namespace nemoclaw::hooks {
namespace {

TEST(ProxyUser, isNeverRoot) {
  EXPECT_EQ(find_proxy_user("1234")->uid, 1234u);
  for (const char* name : {"0", "root", "4294967295", "no-such-user-here"})
    EXPECT_FALSE(find_proxy_user(name)) << name;
  EXPECT_NE(find_proxy_user("")->uid, 0u);
}

}  // namespace
}  // namespace nemoclaw::hooks
