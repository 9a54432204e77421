#include "policy/parse/static_sections.h"

#include <gtest/gtest.h>

#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* kBase =
    "version: 1\nfilesystem_policy:\n  read_only: [/usr]\n  read_write: [/tmp]\nprocess: {max_processes: 9}\n"
    "network_policies:\n  a:\n    endpoints: [{host: a.test, port: 443}]\n";

std::string changes(const std::string& after_text) {
  const ParseOutcome before = parse_policy(kBase, "a.yaml"), after = parse_policy(after_text, "a.yaml");
  EXPECT_TRUE(before.policy && after.policy) << after_text;
  if (!before.policy || !after.policy) return "invalid";
  return render_changes(changed_static_sections(*before.policy, *after.policy, after_text));
}

TEST(StaticSections, areNamedWithTheirLines) {
  const struct {
    const char* text;
    const char* changes;
  } cases[] = {
      {kBase, ""},
      // Another order, other spaces, other entries: the same static part.
      {"version: 1\nprocess:\n  max_processes: 9\nfilesystem_policy: {read_only: [/usr], read_write: "
       "[/tmp]}\n",
       ""},
      {"version: 1\nfilesystem_policy: {read_only: [/usr], read_write: [/tmp]}\nprocess: {max_processes: 9}\n"
       "dns: {mode: open}\nnetwork_policies:\n  b:\n    endpoints: [{host: b.test, port: 80}]\n",
       ""},
      {"version: 1\nfilesystem_policy: {read_only: [/usr], read_write: [/tmp, /var]}\nprocess: "
       "{max_processes: 9}\n",
       "filesystem_policy (line 2)"},
      {"version: 1\nfilesystem_policy: {read_only: [/usr], read_write: [/tmp]}\n", "process (left out)"},
      {"version: 1\nfilesystem_policy: {read_only: [/usr], read_write: [/tmp]}\nprocess: {max_processes: 9}\n"
       "inbound: [{port: 80}]\nproxy_environment: false\n",
       "inbound (line 4), proxy_environment (line 5)"},
  };
  for (const auto& each : cases) EXPECT_EQ(changes(each.text), each.changes) << each.text;
}

}  // namespace
}  // namespace nemoclaw::policy
