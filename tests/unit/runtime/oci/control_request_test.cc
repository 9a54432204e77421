#include "runtime/oci/control_request.h"

#include <gtest/gtest.h>

namespace nemoclaw::oci {
namespace {

TEST(ControlRequest, OnlyTrueIsYes) {
  EXPECT_TRUE(check_control_answer(R"({"ok":true})").has_value());
  for (const char* bad : {R"({"ok":false})", R"({"ok":"true"})", "{}", "", "ok", R"({"ok":1})"})
    EXPECT_FALSE(check_control_answer(bad).has_value()) << bad;
  EXPECT_EQ(check_control_answer(R"({"ok":false,"error":"no resolver"})").error().message, "no resolver");
}

TEST(ControlRequest, NobodyListensIsAnError) {
  EXPECT_EQ(ask_sandbox_proxy("/tmp", encode_container_request("join", "c")).error().errno_value, ENOENT);
}

}  // namespace
}  // namespace nemoclaw::oci
