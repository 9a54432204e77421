// The reading rules: well-formedness, limits, duplicates, aliases, tags, types.
#include "policy/parse/tree.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

using Problems = std::vector<std::string>;

TEST(Reading, PlacesAndCodes) {
  const struct {
    std::string text;
    Problems expected;
  } cases[] = {
      {"", {"1:1 P0008"}},
      {"# only a comment\n", {"1:1 P0008"}},
      {"version: 1\n", {}},
      {"\xef\xbb\xbfversion: 1\n", {}},  // byte order mark
      {"version: 1\r\nnetwork_policies: {}\r\n", {}},
      {"version: 1\n---\nversion: 1\n", {"2:1 P0007"}},
      {"version: 1\nversion: 1\n", {"2:1 P0011"}},
      {"version: 1\nlandlock: {compatibility: best_effort, compatibility: best_effort}\n", {"2:40 P0011"}},
      {"version: !!int 1\n", {"1:10 P0006"}},
      {"version: 1\nlandlock: !python/object {}\n", {"2:11 P0006"}},
      {"version: 1\n? [a, b]\n: x\n", {"2:3 P0012"}},
      {"version: 1\nlandlock: *nowhere\n", {"2:11 P0009"}},
      {"version: 1\nlandlock: &a {compatibility: *a}\n", {"2:30 P0009"}},
      {"version: [1\n", {"2:1 P0003"}},
      {"version: 1\n\tlandlock: {}\n", {"2:1 P0003"}},
      {"version: 1\nx: \"a\x01\"\n", {"2:6 P0003"}},
      {"version: 1\n# \xff\n", {"2:3 P0001"}},
      {"version: 1\n# \xc0\xaf\n", {"2:3 P0001"}},
      {"version: 1\n# \xed\xa0\x80\n", {"2:3 P0001"}},
      {"# \xc3\xbc\xc3\xbc \xf8\n", {"1:6 P0001"}},  // columns count characters
      {"just text\n", {"1:1 P0102"}},
      {"<<: {version: 1}\nversion: 1\n", {"1:1 P0101"}},
  };
  for (const auto& c : cases) EXPECT_EQ(problems(c.text), c.expected) << c.text << "\n" << rendered(c.text);
}

TEST(Reading, AliasesAreExpanded) {
  const auto outcome = parse_policy(
      "version: 1\nfilesystem_policy:\n  read_only: &x [/usr, /lib]\n  read_write: *x\n", "a.yaml");
  ASSERT_TRUE(outcome.policy);
  ASSERT_EQ(outcome.policy->filesystem.read_write.size(), 2u);
  EXPECT_EQ(outcome.policy->filesystem.read_write[1].path, "/lib");
}

TEST(Reading, AliasBombIsRefusedBeforeItGrows) {
  std::string text = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) text += ", " + before;
    text += "]\n";
  }
  const auto found = problems(text);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("P0005"), std::string::npos);
}

TEST(Reading, AByteOrderMarkIsNoPartOfTheText) {
  EXPECT_TRUE(parse_policy("\xef\xbb\xbfversion: 1\nnetwork_policies: {}\n", "x").policy);
}

TEST(Reading, TenThousandEndpointsFitIntoAFile) {
  std::string text = "version: 1\nnetwork_policies:\n  all:\n    endpoints:\n";
  for (int i = 0; i < 10'000; ++i)
    text += "    - {host: h" + std::to_string(i) +
            ".example.test, port: 443, protocol: rest, access: read-only}\n";
  const auto outcome = parse_policy(text, "x");
  ASSERT_TRUE(outcome.policy);
  EXPECT_EQ(outcome.policy->network.front().endpoints.size(), 10'000u);
}

TEST(Reading, Limits) {
  Diagnostics none("");
  const std::string deep64 = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(parse_tree(std::string(63, '[') + "x" + std::string(63, ']'), none));
  EXPECT_TRUE(parse_tree(deep64, none));
  EXPECT_FALSE(none.has_error());
  EXPECT_NE(rendered("[" + deep64 + "]").find("P0004"), std::string::npos);
  EXPECT_NE(rendered(std::string(100000, '[')).find("P0004"), std::string::npos);

  std::string many = "[";
  for (int i = 0; i < 199'998; ++i) many += "x,";
  EXPECT_TRUE(parse_tree(many + "x]", none));
  EXPECT_FALSE(none.has_error());
  EXPECT_NE(rendered(many + "x,x]").find("P0005"), std::string::npos);

  // An alias copies: it has a budget of its own.
  std::string shared = "[&a [";
  for (int i = 0; i < 99; ++i) shared += "x,";
  shared += "]";
  for (int i = 0; i < 100; ++i) shared += ",*a";
  EXPECT_TRUE(parse_tree(shared + "]", none));
  EXPECT_FALSE(none.has_error());
  EXPECT_NE(rendered(shared + ",*a]").find("P0005"), std::string::npos);

  const std::string head = "version: 1\n#";
  const std::string full = head + std::string((1 << 20) - head.size(), ' ');
  EXPECT_TRUE(parse_policy(full, "x").policy);
  EXPECT_NE(rendered(full + " ").find("P0002"), std::string::npos);
}

TEST(Reading, DeepAliasCountsItsDepth) {
  std::string text = "a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(40, '[') +
                     "*a" + std::string(40, ']') + "\n";
  EXPECT_NE(rendered(text).find("P0004"), std::string::npos);
}

TEST(Reading, ManyErrorsAreCutWithACount) {
  std::string text = "version: 1\n";
  for (int i = 0; i < 150; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  const auto found = problems(text);
  EXPECT_EQ(found.size(), Diagnostics::kMax + 1);
  EXPECT_EQ(found.back(), "0:0 P0010");
}

TEST(Types, AreNotGuessed) {
  const struct {
    const char *key, *value;
    const char* code;  // "" fine
  } cases[] = {
      {"start_as_root", "true", ""},
      {"start_as_root", "false", ""},
      {"start_as_root", "yes", "P0102"},
      {"start_as_root", "on", "P0102"},
      {"start_as_root", "True", "P0102"},
      {"start_as_root", "\"true\"", "P0102"},
      {"start_as_root", "1", "P0102"},
      {"start_as_root", "[]", "P0102"},
      {"start_as_root", "", "P0102"},
      {"max_processes", "512", ""},
      {"max_processes", "0", "P0105"},
      {"max_processes", "-1", "P0105"},
      {"max_processes", "1.5", "P0105"},
      {"max_processes", "0x10", "P0102"},
      {"max_processes", "010", "P0105"},
      {"max_processes", "1e3", "P0105"},
      {"max_processes", "\"512\"", "P0102"},
      {"max_processes", "many", "P0102"},
      {"max_processes", "99999999999999999999999", "P0105"},
      {"max_processes", "1_000", "P0102"},
      {"path", "/bin", ""},
      {"path", "12", "P0102"},
      {"path", "null", "P0102"},
      {"path", "~", "P0102"},
      {"path", "true", "P0102"},
      {"path", "{}", "P0102"},
      {"run_as_user", "1000", ""},
      {"run_as_user", "\"1000\"", ""},
      {"run_as_user", "1.5", "P0102"},
      {"run_as_user", "agent", ""},
      {"syscalls", "agent", ""},
      {"syscalls", "agnet", "P0104"},
      {"syscalls", "3", "P0102"},
      {"syscalls", "[]", "P0102"},
      {"capabilities", "CHOWN", "P0102"},
      {"capabilities", "[[]]", "P0102"},
      {"capabilities", "", "P0102"},
  };
  for (const auto& c : cases) {
    const std::string text = std::string("version: 1\nprocess:\n  ") + c.key + ": " + c.value + "\n";
    const auto found = problems(text);
    if (*c.code == '\0') {
      EXPECT_TRUE(found.empty()) << rendered(text);
    } else {
      ASSERT_EQ(found.size(), 1u) << text << rendered(text);
      EXPECT_NE(found[0].find(c.code), std::string::npos) << text << rendered(text);
    }
  }
}

}  // namespace
}  // namespace nemoclaw::policy
