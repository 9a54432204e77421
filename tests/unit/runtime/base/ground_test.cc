// error, result, ids, procfs, file.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "runtime/base/defer.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/ids.h"
#include "runtime/base/procfs.h"
#include "runtime/base/result.h"

namespace nemoclaw {
namespace {

TEST(ErrorText, ContextGoesOutside) {
  Error error = errno_error("open 'x'", ENOENT).with_context("read").with_context("create");
  EXPECT_EQ(error.message, "create: read: open 'x': no such file or directory");
  EXPECT_EQ(error.errno_value, ENOENT);
  EXPECT_EQ(error.exit_code, 1);
  EXPECT_EQ(errno_error("x", 99999).message, "x: unknown error");
}

TEST(ErrorText, ForeignBytesCannotForgeLines) {
  EXPECT_EQ(quoted("a\nb\x1b[0m\xff"), "'a\\x0ab\\x1b[0m\\xff'");
  EXPECT_EQ(quoted("abcdef", 3), "'abc...'");
  EXPECT_EQ(format("%s-%d", std::string(600, 'x').c_str(), 7), std::string(600, 'x') + "-7");
}

Result<int> half(int number) {
  if (number % 2 != 0) return make_error("odd");
  return number / 2;
}
Result<int> quarter(int number) {
  const int first = TRY(half(number));
  return half(first);
}
Result<void> check(int number) {
  TRY_CONTEXT(half(number), "check");
  return {};
}

TEST(ResultType, TryReturnsTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check(2));
  EXPECT_EQ(check(3).error().message, "check: odd");
  EXPECT_EQ(half(3).value_or(9), 9);
}

TEST(ResultType, MovesWhatCannotBeCopied) {
  const auto make = [](bool good) -> Result<std::unique_ptr<int>> {
    if (!good) return make_error("no");
    return std::make_unique<int>(5);
  };
  std::unique_ptr<int> value = std::move(make(true)).value();
  EXPECT_EQ(*value, 5);
  EXPECT_FALSE(make(false));
}

TEST(DeferType, RunsUnlessDismissed) {
  int runs = 0;
  {
    Defer one([&] { ++runs; });
    Defer two([&] { runs += 10; });
    two.dismiss();
  }
  EXPECT_EQ(runs, 1);
}

TEST(Ids, OnlyWhatIsSafeInAPath) {
  for (const char* good : {"a", "web-1", "A_b.c+d", "..."})
    EXPECT_TRUE(check_container_id(good)) << good;
  for (const std::string& bad : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                 std::string("a b"), std::string("../x"), std::string("a\n"), std::string("a\0b", 3),
                                 std::string("\xc3\xa9"), std::string(1025, 'a'), std::string("a:b")})
    EXPECT_FALSE(check_container_id(bad)) << bad;
}

TEST(Procfs, StatLines) {
  struct Case {
    const char *text, *comm;
    char state;
    pid_t parent;
    uint64_t start;
  };
  const Case table[] = {
      {"7 (sh) S 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 1234 5 6", "sh", 'S', 1, 1234},
      {"8 (a b) c) (d)) Z 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 18446744073709551615 1\n", "a b) c) (d)", 'Z', 2,
       UINT64_MAX},
      {"9 () R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5", "", 'R', 0, 5},
  };
  for (const Case& each : table) {
    SCOPED_TRACE(each.text);
    const Result<procfs::Stat> stat = procfs::parse_stat(each.text);
    ASSERT_TRUE(stat) << stat.error().message;
    EXPECT_EQ(stat->comm, each.comm);
    EXPECT_EQ(stat->state, each.state);
    EXPECT_EQ(stat->parent, each.parent);
    EXPECT_EQ(stat->start_time, each.start);
  }
  for (const char* bad : {"", "7", "7 (sh", "7 sh) S 1", ") 7 (", "7 (sh) S x 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                          "7 (sh) S 1 7 7 0 -1 4194304 1 2 3", "x (sh) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"})
    EXPECT_FALSE(procfs::parse_stat(bad)) << bad;
}

TEST(Procfs, OurselvesAreAlive) {
  const Result<procfs::Stat> self = procfs::stat(getpid());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->parent, getppid());
  EXPECT_TRUE(procfs::is_alive(getpid(), self->start_time));
  EXPECT_FALSE(procfs::is_alive(getpid(), self->start_time + 1));
}

TEST(File, ReadWriteRemove) {
  char folder[] = "/tmp/nemoclaw-file-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string top = folder, deep = top + "/a/b/c";
  ASSERT_TRUE(make_directories(deep, 0755));
  ASSERT_TRUE(make_directories(deep, 0755));
  ASSERT_TRUE(write_file_atomic(deep + "/f", "one", 0640));
  ASSERT_TRUE(write_file_atomic(deep + "/f", "two", 0640));
  EXPECT_EQ(*read_file(deep + "/f"), "two");
  struct stat status = {};
  ASSERT_EQ(stat((deep + "/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  EXPECT_EQ(list_directory(deep)->size(), 1U);
  const Result<std::string> large = read_file(deep + "/f", 2);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().errno_value, EFBIG);
  EXPECT_EQ(read_file(deep + "/absent").error().errno_value, ENOENT);
  EXPECT_FALSE(write_file(deep + "/absent", "x"));
  // A link in the tree goes, its target stays.
  ASSERT_TRUE(make_directories(top + "/keep", 0755));
  ASSERT_TRUE(write_file_atomic(top + "/keep/f", "k", 0600));
  ASSERT_EQ(symlink((top + "/keep").c_str(), (top + "/a/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(top + "/a"));
  EXPECT_FALSE(file_exists(top + "/a"));
  EXPECT_TRUE(file_exists(top + "/keep/f"));
  ASSERT_TRUE(remove_tree(top + "/a"));
  ASSERT_TRUE(remove_tree(top));
}

TEST(File, ASysctlIsReadWhole) {
  // The kernel answers the first read of such a file and has nothing for a second one.
  const char* file = "/proc/sys/kernel/pid_max";
  char text[64] = {};
  const Result<Fd> direct = open_file(file, O_RDONLY);
  ASSERT_TRUE(direct);
  ASSERT_GT(read(direct->raw(), text, sizeof text - 1), 2);
  EXPECT_EQ(read_file(file).value(), text);
}

TEST(File, DescriptorsAreCloseOnExec) {
  const Result<Fd> fd = open_file("/dev/null", O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_EQ(fcntl(fd->raw(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ASSERT_TRUE(set_cloexec(*fd, false));
  EXPECT_EQ(fcntl(fd->raw(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace nemoclaw
