#include "runtime/base/path.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "runtime/base/file.h"

namespace nemoclaw {
namespace {

TEST(Path, Clean) {
  const std::pair<const char*, const char*> table[] = {
      {"", "."},       {"/", "/"},         {"//a//b/", "/a/b"}, {"/a/../..", "/"}, {"a/../../b", "../b"},
      {"./a/.", "a"},  {"/a/./b", "/a/b"}, {"a/..", "."},       {"..", ".."},      {"/../a", "/a"},
      {"../..", "../.."}};
  for (const auto& [path, cleaned] : table) EXPECT_EQ(clean_path(path), cleaned) << path;
}

TEST(Path, Helpers) {
  EXPECT_EQ(absolute_path("/b", "c/../d"), "/b/d");
  EXPECT_EQ(absolute_path("/b", "/c"), "/c");
  EXPECT_TRUE(path_is_below("/a/b", "/a"));
  EXPECT_TRUE(path_is_below("/a", "/a"));
  EXPECT_FALSE(path_is_below("/ab", "/a"));
  EXPECT_TRUE(path_is_below("/x", "/"));
  EXPECT_EQ(base_name("/a/b"), "b");
  EXPECT_EQ(directory_name("/a/b"), "/a");
  EXPECT_EQ(directory_name("/a"), "/");
  EXPECT_EQ(directory_name("a"), ".");
}

// A rootfs full of links that want to lead out, next to the file that they aim at.
class InRoot : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_), nullptr);
    const std::string top = folder_;
    ASSERT_TRUE(make_directories(top + "/root/etc", 0755));
    ASSERT_TRUE(write_file_atomic(top + "/secret", "outside", 0644));
    ASSERT_TRUE(write_file_atomic(top + "/root/secret", "inside", 0644));
    const std::pair<std::string, const char*> links[] = {
        {"../../../../../../secret", "up"}, {"/secret", "absolute"},       {"/", "slash"},
        {"../..", "etc/up"},                {top + "/secret", "real"},     {"/nowhere/file", "dangling"},
        {"loop2", "loop1"},                 {"loop1", "loop2"},            {"/proc/self/root", "magic"},
        {"/etc", "good"}};
    for (const auto& [target, name] : links)
      ASSERT_EQ(symlink(target.c_str(), (top + "/root/" + name).c_str()), 0) << name;
    root_ = std::move(open_file(top + "/root", O_PATH | O_DIRECTORY)).value();
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(folder_)); }
  std::string content(const char* path) {
    const Result<Fd> fd = open_in_root(root_, path, O_RDONLY);
    if (!fd) return "errno " + std::to_string(fd.error().errno_value);
    Result<std::string> text = read_all(*fd);
    return text ? *text : text.error().message;
  }

  char folder_[32] = "/tmp/nemoclaw-path-XXXXXX";
  Fd root_;
};

TEST_F(InRoot, LinksEndAtTheRoot) {
  for (const char* path : {"/secret", "secret", "/../secret", "/../../../secret", "/up", "/absolute", "/slash/secret",
                           "/etc/up/secret", "/slash/slash/../secret"})
    EXPECT_EQ(content(path), "inside") << path;
  EXPECT_EQ(content("/real"), "errno " + std::to_string(ENOENT));
  EXPECT_EQ(content("/loop1"), "errno " + std::to_string(ELOOP));
}

TEST_F(InRoot, MagicLinksAreRefused) {
  const Result<Fd> proc = open_file("/proc/self", O_PATH | O_DIRECTORY);
  ASSERT_TRUE(proc);
  const Result<Fd> out = open_in_root(*proc, "/root/etc", O_PATH);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().errno_value, ELOOP);
}

// A device of the image would be the host's: not even the open may happen.
TEST_F(InRoot, OnlyRegularFilesAreOpenedForReading) {
  const std::string root = folder_, fifo = root + "/fifo", file = root + "/file";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0644), 0);
  ASSERT_TRUE(write_file_atomic(file, "content", 0644));
  ASSERT_EQ(symlink("/file", (root + "/link").c_str()), 0);
  const Fd opens(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_GE(inotify_add_watch(opens.raw(), fifo.c_str(), IN_OPEN), 0);
  const Fd top = std::move(*open_file(root, O_PATH | O_DIRECTORY));
  const Result<Fd> refused = open_regular_in_root(top, "/fifo");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is not a regular file"), std::string::npos);
  EXPECT_FALSE(open_regular_in_root(top, "/"));
  char event[512];
  EXPECT_LT(read(opens.raw(), event, sizeof event), 0);
  for (const char* path : {"/file", "/link"}) {
    const Result<Fd> opened = open_regular_in_root(top, path);
    ASSERT_TRUE(opened) << path;
    EXPECT_EQ(*read_all(*opened), "content");
  }
  EXPECT_EQ(open_regular_in_root(top, "/none").error().errno_value, ENOENT);
}

TEST_F(InRoot, DirectoriesAreMadeInsideOnly) {
  const std::string top = folder_;
  for (const char* path : {"/a/b/c", "/etc/up/d/e", "/good/f", "../../g", "/up2/../h"}) {
    const Result<Fd> made = make_directories_in_root(root_, path, 0755);
    ASSERT_TRUE(made) << path << " " << made.error().message;
    const Result<std::string> where = real_path_of(*made);
    ASSERT_TRUE(where);
    EXPECT_TRUE(path_is_below(*where, top + "/root")) << *where;
  }
  EXPECT_TRUE(file_exists(top + "/root/etc/f"));
  EXPECT_FALSE(file_exists(top + "/g"));
  EXPECT_FALSE(make_directories_in_root(root_, "/secret/x", 0755));
}

TEST_F(InRoot, FilesAreNotCreatedThroughADanglingLink) {
  const Result<Fd> made = make_file_in_root(root_, "/new/file", 0644);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(content("/new/file"), "");
  EXPECT_TRUE(make_file_in_root(root_, "/secret", 0644));
  EXPECT_EQ(content("/secret"), "inside");
  EXPECT_FALSE(make_file_in_root(root_, "/dangling", 0644));
  EXPECT_FALSE(file_exists(std::string(folder_) + "/root/nowhere/file"));
  EXPECT_FALSE(file_exists("/nowhere/file"));
}

}  // namespace
}  // namespace nemoclaw
