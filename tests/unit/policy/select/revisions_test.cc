#include "policy/select/revisions.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

class Revisions : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/revisions-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    root_ = pattern;
    directory_ = revisions_directory(root_ + "/state", "web");
    ASSERT_TRUE(lock_revisions(directory_));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(uint64_t number, const std::string& text) {
    Revision revision;
    revision.number = number;
    revision.text = text;
    revision.author = "alice";
    ASSERT_TRUE(write_revision(directory_, revision));
  }
  std::string root_, directory_;
};

TEST_F(Revisions, oneThatNeverCameIntoForceIsNotThere) {
  EXPECT_TRUE(read_revisions(directory_)->empty());
  EXPECT_FALSE(*read_current_revision(directory_));
  for (uint64_t number = 1; number <= 12; ++number) write(number, "text " + std::to_string(number));
  ASSERT_TRUE(make_current(directory_, 11));
  const auto revisions = read_revisions(directory_);
  ASSERT_TRUE(revisions && revisions->size() == 11);
  EXPECT_EQ((*revisions)[9].number, 10u);  // by number, not by name
  EXPECT_TRUE(revisions->back().current);
  EXPECT_EQ(revisions->back().text, "text 11");
  EXPECT_EQ((*read_current_revision(directory_))->author, "alice");
}

TEST_F(Revisions, whatCannotBeReadIsAnErrorAndNotNothing) {
  write(2, "two");
  ASSERT_TRUE(make_current(directory_, 3));
  EXPECT_FALSE(read_current_revision(directory_));
  for (const char* text : {"", "x\n", "-1\n", "0\n", "3x\n"}) {
    ASSERT_TRUE(write_file_atomic(directory_ + "/current", text, 0600));
    EXPECT_FALSE(read_current_revision(directory_)) << text;
    EXPECT_FALSE(read_revisions(directory_)) << text;
  }
}

TEST_F(Revisions, goWithTheContainerAndNotBefore) {
  const std::string run = root_ + "/run", anchor = root_ + "/containers/web";
  std::filesystem::create_directories(run + "/web");
  std::filesystem::create_directories(anchor);
  ASSERT_TRUE(write_anchor(directory_, {anchor}));
  prune_revisions(root_ + "/state", run);
  EXPECT_TRUE(file_exists(directory_));
  std::filesystem::remove(run + "/web");  // stopped
  prune_revisions(root_ + "/state", run);
  EXPECT_TRUE(file_exists(directory_));
  std::filesystem::remove(anchor);  // removed
  prune_revisions(root_ + "/state", run);
  EXPECT_FALSE(file_exists(directory_));
}

TEST_F(Revisions, withoutAnAnchorNothingIsRemoved) {
  prune_revisions(root_ + "/state", root_ + "/run");
  EXPECT_TRUE(file_exists(directory_));
}

}  // namespace
}  // namespace nemoclaw::policy
