#include "policy/compile/accounts.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(Accounts, Ids) {
  struct {
    const char* text;
    std::optional<uint32_t> id;
  } cases[] = {{"0", 0},           {"10001", 10001},   {"4294967294", 4294967294u},
               {"4294967295", {}}, {"4294967296", {}}, {"", {}},
               {"-1", {}},         {"+1", {}},         {" 1", {}},
               {"1x", {}},         {"root", {}}};
  for (const auto& each : cases) EXPECT_EQ(parse_id(each.text), each.id) << each.text;
}

TEST(Accounts, FindsByNameAndId) {
  const char* passwd =
      "broken\nroot:x:0:0::/root:/bin/sh\n:x:5:5::/:/\nnode:x:1000:1001:N:/home/node:/bin/sh\nbad:x:y:1::/:/"
      "\nnode:x:2:2::/:/";
  EXPECT_EQ(find_account(passwd, "node")->uid, 1000u) << "the first line of a name counts";
  EXPECT_EQ(find_account(passwd, "node")->gid, 1001u);
  EXPECT_EQ(find_account(passwd, "node")->home, "/home/node");
  EXPECT_EQ(find_account(passwd, uint32_t{1000})->name, "node");
  EXPECT_FALSE(find_account(passwd, "bad"));
  EXPECT_FALSE(find_account(passwd, ""));
  EXPECT_FALSE(find_account("", "root"));
  const char* group = "root:x:0:\nstaff:x:50:a,b\nshort:x\n";
  EXPECT_EQ(find_group(group, "staff"), 50u);
  EXPECT_FALSE(find_group(group, "short"));
  EXPECT_TRUE(has_group_id(group, 50));
  EXPECT_FALSE(has_group_id(group, 51));
}

TEST(Accounts, LinesAreAppendedWhole) {
  EXPECT_EQ(with_line("a\n", "b"), "a\nb\n");
  EXPECT_EQ(with_line("a", "b"), "a\nb\n");
  EXPECT_EQ(with_line("", "b"), "b\n");
}

}  // namespace
}  // namespace nemoclaw::policy
