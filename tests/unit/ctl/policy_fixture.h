// A directory of policy files, and a command's output and exit code.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctl/policy_commands.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {

class PolicyFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = testing::TempDir() + "nemoclaw_" + test->test_suite_name() + "_" + test->name();
    ASSERT_TRUE(remove_tree(directory_));
    ASSERT_TRUE(make_directories(directory_ + "/installed", 0700));
    write("config.yaml", "policy_directories: [" + directory_ + "/installed]\ndefault_policy: mine\n");
  }
  void TearDown() override { ASSERT_TRUE(remove_tree(directory_)); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file_atomic(path(name), text, 0600));
  }

  int run(const PolicyCommand& command, const std::vector<std::string>& args) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_policy(command, args);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::string directory_, out_, err_;
};

}  // namespace nemoclaw::ctl
