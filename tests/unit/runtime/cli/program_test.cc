#include "runtime/cli/program.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/cli/help.h"

namespace nemoclaw::cli {
namespace {

Result<Globals> globals_of(const std::vector<std::string_view>& words, const Surroundings& surroundings) {
  return decode_globals(*parse_options(global_options(), words, Order::StopFirst), surroundings);
}

TEST(Globals, RootDependsOnWhoIsAsking) {
  EXPECT_EQ(globals_of({}, {"/", "/run/user/0", true})->root, "/run/nemoclaw");
  EXPECT_EQ(globals_of({}, {"/", "/run/user/1000", false})->root, "/run/user/1000/nemoclaw");
  EXPECT_EQ(globals_of({}, {"/", "", false})->root, "/run/nemoclaw");
  EXPECT_EQ(globals_of({"--root", "state"}, {"/home/u", "", true})->root, "/home/u/state");
  EXPECT_EQ(globals_of({"--root=/x/../y"}, {"/", "", true})->root, "/y");
}

TEST(Globals, OptionsAreDecoded) {
  const Surroundings root = {"/w", "", true};
  EXPECT_TRUE(globals_of({"--systemd-cgroup"}, root)->systemd_cgroup);
  EXPECT_TRUE(globals_of({"--cgroup-manager=systemd"}, root)->systemd_cgroup);
  EXPECT_FALSE(globals_of({"--cgroup-manager=cgroupfs"}, root)->systemd_cgroup);
  EXPECT_TRUE(globals_of({"--debug"}, root)->debug);
  EXPECT_TRUE(globals_of({"--log-level", "debug"}, root)->debug);
  EXPECT_TRUE(globals_of({"--rootless=true"}, root)->rootless);
  EXPECT_FALSE(globals_of({}, root)->policy.has_value());
  EXPECT_EQ(*globals_of({"--policy", "none"}, root)->policy, "none");
  EXPECT_EQ(*globals_of({"--config", "c.yaml"}, root)->config, "/w/c.yaml");
  EXPECT_FALSE(globals_of({"--log-format=xml"}, root).has_value());
  EXPECT_FALSE(globals_of({"--rootless=maybe"}, root).has_value());
  EXPECT_FALSE(globals_of({"--cgroup-manager=disabled"}, root).has_value());
}

TEST(ExitCodes, AreTheOnesThatCallersKnow) {
  EXPECT_EQ(exit_code_for_error("create", false), 1);
  EXPECT_EQ(exit_code_for_error("exec", false), 255);
  EXPECT_EQ(exit_code_for_error("exec", true), 1);
  EXPECT_EQ(exit_code_for_error("run", false), 1);
  const auto code_of = [](std::vector<std::string_view> words) { return run_program(words); };
  EXPECT_EQ(code_of({"no-such-verb"}), 3);
  EXPECT_EQ(code_of({"--no-such-option"}), 1);
  EXPECT_EQ(code_of({"create"}), 1);
  EXPECT_EQ(code_of({"state", "a", "b"}), 1);
  EXPECT_EQ(code_of({"exec"}), 1);
  EXPECT_EQ(code_of({"kill", "--root", "x"}), 1);
  EXPECT_EQ(code_of({"--root", "/nonexistent/r3", "delete", "--force", "gone"}), 0);
  EXPECT_EQ(code_of({"--root", "/nonexistent/r3", "delete", "gone"}), 1);
  EXPECT_EQ(code_of({"--root", "/nonexistent/r3", "exec", "gone", "true"}), 255);
}

TEST(Help, NamesEveryVerbAndOption) {
  const std::string all = program_help();
  for (const Verb* verb : all_verbs()) {
    EXPECT_NE(all.find("   " + std::string(verb->name)), std::string::npos);
    const std::string own = verb_help(*verb);
    std::set<std::string_view> seen;
    for (const Option& option : verb->options) {
      EXPECT_NE(own.find("--" + std::string(option.name)), std::string::npos) << option.name;
      EXPECT_TRUE(seen.insert(option.name).second) << option.name << " is listed twice";
    }
  }
}

TEST(Help, VersionIsWhatDockerdParses) {
  const std::string text = version_text();
  EXPECT_EQ(text.find("nemoclaw-runtime version "), 0u);
  EXPECT_NE(text.find("\ncommit: "), std::string::npos);
  EXPECT_NE(text.find("\nspec: 1.3.0\n"), std::string::npos);
  EXPECT_NE(text.find("\nlibseccomp: "), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::cli
