#include "ctl/options.h"

#include <gtest/gtest.h>

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {
    {"format", "text|json", "how"}, {"follow,f", nullptr, "go on"}, {"help,h", nullptr, "this"}};

TEST(Options, ReadsValuesFlagsAndWords) {
  const auto options = Options::parse({"one", "--format", "json", "-f", "two", "--", "--three"}, kRows);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->words(), (std::vector<std::string>{"one", "two", "--three"}));
  EXPECT_TRUE(options->has("follow"));
  EXPECT_FALSE(options->has("help"));
  EXPECT_EQ(options->value("format"), "json");
  EXPECT_TRUE(options->wants_json().value());
  EXPECT_EQ(Options::parse({"--format=text"}, kRows)->value("format"), "text");
  EXPECT_FALSE(Options::parse({}, kRows)->wants_json().value());
}

TEST(Options, RefusesWhatItDoesNotKnow) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--unknown"}, {"--form", "json"}, {"--follow=1"}, {"--format"}, {"-x"}}) {
    const auto options = Options::parse(args, kRows);
    ASSERT_FALSE(options) << args[0];
    EXPECT_NE(options.error().message.find("--follow"), std::string::npos);
  }
  EXPECT_FALSE(Options::parse({"--format", "xml"}, kRows)->wants_json());
}

TEST(Options, HelpShowsEveryRow) {
  const std::string help = help_text("nemoclawctl x", "About.", kRows);
  EXPECT_EQ(help.rfind("usage: nemoclawctl x\n\nAbout.\n\n", 0), 0u);
  for (const char* part : {"--format text|json", "--follow", "--help"})
    EXPECT_NE(help.find(part), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::ctl
