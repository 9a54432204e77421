#include "runtime/init/integrity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/sha256.h"

namespace nemoclaw::init {
namespace {

class Integrity : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-integrity-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    for (const char* each : {"/root/etc", "/root/app/deep", "/root/data/in"})
      ASSERT_TRUE(make_directories(folder_ + each, 0755));
    put("/root/etc/config", "right\n");
    put("/secret", "outside\n");
    root_ = open_file(folder_ + "/root", O_PATH | O_DIRECTORY).value();
    proc_ = open_file("/proc", O_PATH | O_DIRECTORY).value();
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(folder_)); }
  void put(const std::string& path, const char* text) {
    ASSERT_TRUE(write_file_atomic(folder_ + path, text, 0644));
  }
  void link(const std::string& target, const std::string& path) {
    ASSERT_EQ(symlink(target.c_str(), (folder_ + "/root" + path).c_str()), 0);
  }
  std::string file(const std::string& path, std::string_view content) {
    auto checked = check_file(root_, {path, sha256_hex(content)});
    return checked ? "" : checked.error().message;
  }
  std::string links() {
    auto checked = check_links(root_, proc_, {"/app", "/data"});
    return checked ? "" : checked.error().message;
  }

  std::string folder_;
  Fd root_, proc_;
};

TEST_F(Integrity, FilesByTheirDigest) {
  EXPECT_EQ(file("/etc/config", "right\n"), "");
  const std::string message = file("/etc/config", "wrong\n");
  for (const std::string& text : {std::string("'/etc/config'"), sha256_hex("right\n"), sha256_hex("wrong\n")})
    EXPECT_NE(message.find(text), std::string::npos) << message;
  EXPECT_NE(file("/etc/absent", "").find("'/etc/absent': "), std::string::npos);
  EXPECT_NE(file("/etc", "").find("is not a regular file"), std::string::npos);
  ASSERT_EQ(mkfifo((folder_ + "/root/etc/fifo").c_str(), 0600), 0);
  EXPECT_NE(file("/etc/fifo", "").find("is not a regular file"), std::string::npos) << "and does not wait";
}

TEST_F(Integrity, LinksOfFilesStayInTheRoot) {
  link("/etc/config", "/app/absolute");
  EXPECT_EQ(file("/app/absolute", "right\n"), "");
  link("../../secret", "/app/out");
  EXPECT_NE(file("/app/out", "outside\n"), "");
  link(folder_ + "/secret", "/app/host");
  EXPECT_NE(file("/app/host", "outside\n"), "");
}

TEST_F(Integrity, LinksMustPointInto) {
  EXPECT_EQ(links(), "") << "no links at all";
  link("/data/in", "/app/good");
  link("../../data", "/app/deep/itself");
  put("/root/app/plain", "a file is no link\n");
  EXPECT_EQ(links(), "");
  link("/etc", "/app/deep/bad");
  EXPECT_NE(links().find("link '/app/deep/bad' leads to '"), std::string::npos) << links();
}

TEST_F(Integrity, LinksThroughOtherLinks) {
  link("/etc/config", "/data/in/step");
  link("/data/in/step", "/app/looks-good");
  EXPECT_NE(links().find("'/app/looks-good' leads to '"), std::string::npos) << links();
}

TEST_F(Integrity, ANameThatOnlyBeginsAlikeIsAnother) {
  ASSERT_TRUE(make_directories(folder_ + "/root/database", 0755));
  link("/database", "/app/near");
  EXPECT_NE(links().find("'/app/near'"), std::string::npos) << links();
}

TEST_F(Integrity, LinksThatLeadNowhere) {
  link("/data/not-there-yet", "/app/dangling");
  EXPECT_NE(links().find("link '/app/dangling'"), std::string::npos) << links();
  link("loop", "/app/loop");
  EXPECT_NE(links(), "");
}

TEST_F(Integrity, MissingDirectories) {
  auto checked = check_links(root_, proc_, {"/absent", "/data"});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("'/absent'"), std::string::npos);
  checked = check_links(root_, proc_, {"/app", "/absent"});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("must_point_into '/absent'"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::init
