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

TEST(ProxyUser, IsFoundInTheFile) {
  constexpr std::string_view kFile =
      "root:x:0:0:root:/root:/bin/bash\n\nnemoclaw-old:x:7:8::/:\nnemoclaw:x:not:9::/"
      ":\nnemoclaw:x:998:997:,,,:/:/bin/false";
  const std::optional<ProxyUser> user = find_user(kFile, "nemoclaw");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, 998U);
  EXPECT_EQ(user->gid, 997U);
  for (const char* name : {"nemo", "", "nobody", "998"}) EXPECT_FALSE(find_user(kFile, name)) << name;
}

}  // namespace
}  // namespace nemoclaw::hooks
