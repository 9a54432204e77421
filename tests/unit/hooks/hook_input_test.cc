#include "hooks/hook_input.h"

#include <gtest/gtest.h>

namespace nemoclaw::hooks {
namespace {

TEST(HookState, ReadsWhatARuntimeWrites) {
  const Result<HookState> state = parse_hook_state(
      R"({"ociVersion":"1.0.2","id":"web-1","status":"created","pid":4711,"bundle":"/b","annotations":{"a":"b"}})");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->id, "web-1");
  EXPECT_EQ(state->pid, 4711);
  EXPECT_EQ(state->bundle, "/b");
  EXPECT_EQ(state->status, "created");
}

TEST(HookState, StoppedContainerHasNoPid) {
  const Result<HookState> state = parse_hook_state(R"({"id":"web","status":"stopped"})");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->pid, 0);
}

TEST(HookState, RefusesWhatItCannotUse) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {
      {"", "not by hand"},
      {" \n", "not by hand"},
      {"{", "container state on stdin"},
      {"[]", "expected an object"},
      {R"({"pid":1})", "container state on stdin"},
      {R"({"id":"../x","pid":1})", "container state on stdin"},
      {R"({"id":7})", "id: expected a string"},
      {R"({"id":"a","bundle":[]})", "bundle: expected a string"},
      {R"({"id":"a","pid":"1"})", "pid: expected a process id"},
      {R"({"id":"a","pid":-1})", "pid: expected a process id"},
      {R"({"id":"a","pid":4294967297})", "pid: expected a process id"},
      {R"({"id":"a","pid":1,"pid":2})", "container state on stdin"},
  };
  for (const Case& each : cases) {
    const Result<HookState> state = parse_hook_state(each.text);
    ASSERT_FALSE(state) << each.text;
    EXPECT_NE(state.error().message.find(each.message), std::string::npos) << state.error().message;
  }
}

TEST(HookOptions, SandboxDirectoryIsAbsoluteCleanAndNamed) {
  EXPECT_TRUE(check_options({.sandbox_directory = "/run/nemoclaw/sandboxes/web"}));
  for (const char* bad : {"", "web", "/", "/run/../etc", "/run/sandboxes/web/", "/run//web", "/run/a b"})
    EXPECT_FALSE(check_options({.sandbox_directory = bad})) << bad;
}

}  // namespace
}  // namespace nemoclaw::hooks
