#include "ctl/doctor.h"

#include <gtest/gtest.h>

namespace nemoclaw::ctl {
namespace {

TEST(Doctor, OnlyWhatIsMissingFails) {
  Checks checks = {{"kernel", "a", Finding::Fine, "x", ""},
                   {"kernel", "b", Finding::Degraded, "y", "do this"},
                   {"managers", "c", Finding::Info, "z", ""}};
  EXPECT_TRUE(all_needed_is_there(checks));
  EXPECT_EQ(render_checks(checks),
            "kernel\n"
            "  ok        a                  x\n"
            "  degraded  b                  y\n"
            "            -> do this\n"
            "\nmanagers\n"
            "  info      c                  z\n"
            "\n0 missing, 1 degraded\n");
  checks.push_back({"policies", "d", Finding::Missing, "", ""});
  EXPECT_FALSE(all_needed_is_there(checks));
  json::Writer writer;
  write_checks(writer, checks);
  const Result<json::Value> parsed = json::parse(writer.text());
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->find("ok")->boolean);
  EXPECT_EQ(parsed->find("checks")->array[1].find("finding")->string, "degraded");
}

TEST(Doctor, FindsTheRuntimeInManagersConfigurations) {
  EXPECT_TRUE(daemon_json_registers(R"({"runtimes":{"nemoclaw":{"path":"/usr/bin/nemoclaw-runtime"}}})"));
  for (const char* other : {"", "{", "[]", R"({"runtimes":{"crun":{}}})", R"({"nemoclaw":{}})"})
    EXPECT_FALSE(daemon_json_registers(other)) << other;
  EXPECT_TRUE(
      config_mentions_runtime("[runtimes.nemoclaw.options]\n  BinaryName = \"/usr/bin/nemoclaw-runtime\"\n"));
  EXPECT_FALSE(config_mentions_runtime("  # BinaryName = \"/usr/bin/nemoclaw-runtime\"\n"));
  EXPECT_FALSE(config_mentions_runtime(""));
}

TEST(Doctor, KernelChecksNameEveryProtection) {
  const Checks checks = check_kernel({});
  for (const char* name : {"landlock", "seccomp", "openat2", "mount interface", "user namespaces",
                           "connect hook", "cgroups", "pidfd"}) {
    size_t found = 0;
    for (const Check& check : checks) found += check.name == name;
    EXPECT_EQ(found, 1U) << name;
  }
  for (const Check& check : checks)
    EXPECT_EQ(check.finding == Finding::Fine, check.remedy.empty()) << check.name;
}

}  // namespace
}  // namespace nemoclaw::ctl
