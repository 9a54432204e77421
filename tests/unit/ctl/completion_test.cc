// Completion names every command and option; nothing is offered that is not in the tables.
#include "ctl/completion.h"

#include <gtest/gtest.h>

#include "ctl/dispatch.h"

namespace nemoclaw::ctl {
namespace {

std::string long_name(const OptionRow& row) {
  const std::string name = row.name;
  return "--" + name.substr(0, name.find(','));
}

TEST(Completion, EveryCommandHasItsOptionsInTheTable) {
  for (const Command& command : all_commands()) {
    ASSERT_FALSE(command.options.empty()) << command_name(command);
    EXPECT_EQ(long_name(command.options.back()), "--help") << command_name(command);
  }
}

TEST(Completion, NamesEveryCommandAndOption) {
  const auto commands = all_commands();
  const std::string bash = bash_completion(commands), zsh = zsh_completion(commands);
  for (const Command& command : commands) {
    const std::string start = "    '" + command_name(command) + "')\n";
    for (const std::string* script : {&bash, &zsh}) {
      const size_t at = script->find(start);
      ASSERT_NE(at, std::string::npos) << command_name(command);
      const std::string body = script->substr(at, script->find(";;\n    '", at + start.size()) - at);
      for (const OptionRow& row : command.options)
        EXPECT_NE(body.find(long_name(row)), std::string::npos) << command_name(command) << " " << row.name;
    }
  }
}

TEST(Completion, QuotesForZsh) {
  const Command command = {
      "g", "c", "what's: [this]", nullptr, {{"o", "A", "it's [a]: b"}, {"help,h", nullptr, "h"}}};
  const std::string zsh = zsh_completion({command});
  EXPECT_NE(zsh.find("'c:what'\\''s\\: [this]'"), std::string::npos) << zsh;
  EXPECT_NE(zsh.find("'*--o[it'\\''s \\[a\\]\\: b]:A:'"), std::string::npos) << zsh;
}

}  // namespace
}  // namespace nemoclaw::ctl
