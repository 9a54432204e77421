#include "policy/select/secret_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

class SecretStore : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-secrets-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    config_.state_directory = root_ + "/state";
    config_.credentials_directory = root_ + "/systemd";
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }

  static mode_t mode_of(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  std::string problem(SecretReader& reader, const char* name) {
    const Result<std::string> read = reader.read(name);
    return read ? "" : read.error().message;
  }

  std::string root_;
  NodeConfig config_;
};

TEST_F(SecretStore, IsForRootAlone) {
  ASSERT_TRUE(set_secret(config_, "token", "first value"));
  EXPECT_EQ(mode_of(root_ + "/state/secrets"), 0700U);
  EXPECT_EQ(mode_of(root_ + "/state/secrets/token"), 0600U);
}

TEST_F(SecretStore, ASecretThatIsSetAgainIsReadAgain) {
  ASSERT_TRUE(set_secret(config_, "token", "first value"));
  SecretReader reader(config_);
  EXPECT_EQ(reader.read("token").value_or(""), "first value");
  ASSERT_TRUE(set_secret(config_, "token", "other value"));
  EXPECT_EQ(reader.read("token").value_or(""), "other value");
  ASSERT_TRUE(remove_secret(config_, "token"));
  EXPECT_NE(problem(reader, "token").find("nemoclawctl secret set token"), std::string::npos);
  EXPECT_FALSE(remove_secret(config_, "token"));
}

TEST_F(SecretStore, WhatSystemdKeepsIsReadBesideIt) {
  ASSERT_TRUE(make_directories(config_.credentials_directory, 0700));
  ASSERT_TRUE(write_file_atomic(config_.credentials_directory + "/unit-key", "of the unit\n", 0400));
  ASSERT_TRUE(write_file_atomic(config_.credentials_directory + "/token", "of the unit\n", 0400));
  ASSERT_TRUE(set_secret(config_, "token", "of the store"));
  SecretReader reader(config_);
  EXPECT_EQ(reader.read("unit-key").value_or(""), "of the unit") << "without its line end";
  EXPECT_EQ(reader.read("token").value_or(""), "of the store") << "the node's own comes first";
  const auto listed = list_secrets(config_);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].directory, secrets_directory(config_));
  EXPECT_EQ((*listed)[1].name, "unit-key");
}

TEST_F(SecretStore, WhatIsNoSecretIsNotStored) {
  for (const char* name : {"", "../x", "a/b", "-x", "a b", ".hidden"})
    EXPECT_FALSE(set_secret(config_, name, "long enough")) << name;
  for (const std::string& value : {std::string("short"), std::string(20 << 10, 'x'),
                                   std::string("with\0a NUL byte", 15), std::string("nemoclaw:secret:other")})
    EXPECT_FALSE(set_secret(config_, "name", value));
}

TEST_F(SecretStore, AFileThatOthersReadIsNotUsedAndItsContentNotTold) {
  ASSERT_TRUE(set_secret(config_, "token", "first value"));
  const std::string path = root_ + "/state/secrets/token";
  SecretReader reader(config_);
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_NE(problem(reader, "token").find("0600"), std::string::npos);
  ASSERT_TRUE(write_file_atomic(path, "tiny", 0600));
  EXPECT_NE(problem(reader, "token").find("8 bytes"), std::string::npos);
  EXPECT_EQ(problem(reader, "token").find("tiny"), std::string::npos);
  ASSERT_TRUE(remove_secret(config_, "token"));
  ASSERT_EQ(symlink("/etc/hostname", path.c_str()), 0);
  EXPECT_NE(problem(reader, "token"), "") << "a link is not followed";
  EXPECT_NE(problem(reader, "../x").find("not in the node's store"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::policy
