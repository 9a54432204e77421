#include "runtime/cli/options.h"

#include <gtest/gtest.h>

namespace nemoclaw::cli {
namespace {

constexpr Option kTable[] = {
    {"bundle", 'b', Takes::Value, ""},     {"detach", 'd', Takes::Nothing, ""},
    {"tty", 't', Takes::Nothing, ""},      {"env", 'e', Takes::Values, ""},
    {"preserve-fds", 0, Takes::Value, ""}, {"no-pivot", 0, Takes::Nothing, ""},
};

using Words = std::vector<std::string_view>;

Result<Arguments> parse(const Words& words, Order order = Order::Free) {
  return parse_options(kTable, words, order);
}

TEST(Options, EverySpellingOfAValue) {
  for (const Words& words : {Words{"--bundle", "/b"}, Words{"--bundle=/b"}, Words{"-bundle", "/b"},
                             Words{"-bundle=/b"}, Words{"-b", "/b"}, Words{"-b=/b"}, Words{"--b", "/b"}}) {
    const Result<Arguments> parsed = parse(words);
    ASSERT_TRUE(parsed.has_value()) << words[0];
    EXPECT_EQ(parsed->value("bundle"), "/b") << words[0];
    EXPECT_TRUE(parsed->positional.empty());
  }
}

TEST(Options, FlagsWithAndWithoutAValue) {
  EXPECT_TRUE(parse({"--no-pivot"})->flag("no-pivot"));
  EXPECT_TRUE(parse({"-no-pivot"})->flag("no-pivot"));
  EXPECT_TRUE(parse({"--no-pivot=true"})->flag("no-pivot"));
  EXPECT_FALSE(parse({"--no-pivot=false"})->flag("no-pivot"));
  EXPECT_FALSE(parse({"--no-pivot", "--no-pivot=0"})->flag("no-pivot"));
  EXPECT_FALSE(parse({})->flag("no-pivot"));
  EXPECT_FALSE(parse({"--no-pivot=maybe"}).has_value());
  const Result<Arguments> cluster = parse({"-td", "id"});
  ASSERT_TRUE(cluster.has_value());
  EXPECT_TRUE(cluster->flag("tty") && cluster->flag("detach"));
  EXPECT_EQ(cluster->positional, (std::vector<std::string>{"id"}));
}

TEST(Options, ErrorsSayWhatIsWrong) {
  const std::pair<Words, const char*> cases[] = {
      {{"--bundel", "x"}, "flag provided but not defined: -bundel"},
      {{"--bundle"}, "flag needs an argument: -bundle"},
      {{"-b"}, "flag needs an argument: -b"},
      {{"-tb"}, "flag provided but not defined: -tb"},
      {{"-x"}, "flag provided but not defined: -x"},
      {{"--x=1"}, "flag provided but not defined: -x"},
  };
  for (const auto& [words, message] : cases) {
    const Result<Arguments> parsed = parse(words);
    ASSERT_FALSE(parsed.has_value()) << message;
    EXPECT_EQ(parsed.error().message, message);
  }
}

TEST(Options, OrderDecidesWhoseOptionsFollowAnArgument) {
  const Words words = {"id", "-d", "--", "-t"};
  EXPECT_EQ(parse(words)->positional, (std::vector<std::string>{"id", "-t"}));
  EXPECT_TRUE(parse(words)->flag("detach"));
  EXPECT_EQ(parse(words, Order::StopFirst)->positional, (std::vector<std::string>{"id", "-d", "--", "-t"}));
  EXPECT_FALSE(parse(words, Order::StopFirst)->flag("detach"));
}

TEST(Options, LastValueWinsAndListsKeepAll) {
  const Result<Arguments> parsed = parse({"-b", "1", "-e", "A=1", "--env=B=2=3", "-b=2"});
  EXPECT_EQ(parsed->value("bundle"), "2");
  EXPECT_EQ(parsed->values("env"), (std::vector<std::string>{"A=1", "B=2=3"}));
  EXPECT_EQ(parsed->value("absent", "fallback"), "fallback");
}

TEST(Options, AValueMayLookLikeAnOption) {
  const Result<Arguments> parsed = parse({"--bundle", "-d", "-"});
  EXPECT_EQ(parsed->value("bundle"), "-d");
  EXPECT_EQ(parsed->positional, (std::vector<std::string>{"-"}));
}

TEST(Options, Numbers) {
  EXPECT_EQ(*parse({"--preserve-fds", "3"})->integer("preserve-fds", 0), 3);
  EXPECT_EQ(*parse({"--preserve-fds=-1"})->integer("preserve-fds", 0), -1);
  EXPECT_EQ(*parse({})->integer("preserve-fds", 9), 9);
  for (const char* bad : {"", "3x", "x", "99999999999999999999"})
    EXPECT_FALSE(parse({"--preserve-fds", bad})->integer("preserve-fds", 0).has_value()) << bad;
}

}  // namespace
}  // namespace nemoclaw::cli
