#include "ctl/dispatch.h"

#include <gtest/gtest.h>

namespace nemoclaw::ctl {
namespace {

std::vector<std::string> g_args;

int record(const std::vector<std::string>& args) {
  g_args = args;
  return kExitNo;
}

const std::vector<Command> kCommands = {{"policy", "check", "checks", record},
                                        {"policy", "list", "lists", record},
                                        {"doctor", "", "examines", record}};

struct Outcome {
  int code;
  std::string out, err;
};

Outcome run(const std::vector<std::string>& args) {
  g_args = {"not called"};
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = dispatch(kCommands, args);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(Dispatch, HandsTheRestToTheCommand) {
  EXPECT_EQ(run({"policy", "check", "a", "--help"}).code, kExitNo);
  EXPECT_EQ(g_args, (std::vector<std::string>{"a", "--help"}));
  EXPECT_EQ(run({"doctor", "--format", "json"}).code, kExitNo);
  EXPECT_EQ(g_args, (std::vector<std::string>{"--format", "json"}));
}

TEST(Dispatch, HelpAndVersion) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.code, kExitFine);
  for (const char* line :
       {"  policy check  checks\n", "  policy list   lists\n", "  doctor        examines\n"})
    EXPECT_NE(help.out.find(line), std::string::npos) << help.out;
  const Outcome group = run({"policy", "--help"});
  EXPECT_EQ(group.code, kExitFine);
  EXPECT_EQ(group.out.find("doctor"), std::string::npos);
  EXPECT_EQ(run({"--version"}).out.rfind("nemoclawctl ", 0), 0u);
  EXPECT_EQ(run({}).code, kExitUsage);
  EXPECT_EQ(run({"policy"}).code, kExitUsage);
}

TEST(Dispatch, UnknownCommandNamesTheNearest) {
  const struct {
    std::vector<std::string> args;
    const char* expected;
  } cases[] = {
      {{"policy", "chekc"}, "unknown command 'policy chekc'; did you mean 'policy check'?"},
      {{"polcy", "list"}, "unknown command 'polcy'; did you mean 'policy list'?"},
      {{"docter"}, "unknown command 'docter'; did you mean 'doctor'?"},
      {{"check", "file.yaml"}, "unknown command 'check'; did you mean 'policy check'?"},
      {{"something-else"}, "unknown command 'something-else'\n"},
      {{"a\x1b[31m"}, "unknown command 'a\\x1b[31m'"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = run(c.args);
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_NE(outcome.err.find(c.expected), std::string::npos) << outcome.err;
    EXPECT_EQ(g_args, std::vector<std::string>{"not called"});
  }
}

}  // namespace
}  // namespace nemoclaw::ctl
