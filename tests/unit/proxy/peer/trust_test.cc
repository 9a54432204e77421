#include "proxy/peer/trust.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "proxy/peer/executable.h"
#include "runtime/base/file.h"

namespace nemoclaw::peer {
namespace {

TEST(HashCache, G9_aFileThatChangedJustNowIsReadAgain) {
  HashCache cache;
  const int64_t second = 1'000'000'000, now = 1'700'000'000 * second;
  FileKey old{1, 2, 3, 0, now - 3 * second}, fresh{1, 3, 3, 0, now - second}, ahead{1, 4, 3, 0, now + second};
  for (const FileKey& key : {old, fresh, ahead}) cache.store(key, "aa", now);
  EXPECT_EQ(cache.find(old), "aa");
  EXPECT_FALSE(cache.find(fresh));
  EXPECT_FALSE(cache.find(ahead));  // the clock was set back
}

TEST(HashJob, aFileFullOfHolesIsRefused) {
  char path[] = "/tmp/holes-XXXXXX";
  const Fd file(mkostemp(path, O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  unlink(path);
  ASSERT_EQ(ftruncate(file.raw(), kExecutableBytesMax + 1), 0);
  EXPECT_FALSE(HashJob::create(file));
  ASSERT_EQ(ftruncate(file.raw(), 3), 0);
  EXPECT_TRUE(HashJob::create(file));
}

TEST(Trust, firstContentStays) {
  TrustStore trust;
  trust.pin("/usr/bin/curl", "aa", TrustStore::Origin::Create);
  EXPECT_TRUE(trust.check("/usr/bin/curl", "aa"));
  const Result<void> changed = trust.check("/usr/bin/curl", "bb");
  ASSERT_FALSE(changed);
  EXPECT_NE(changed.error().message.find("when the sandbox was created"), std::string::npos);
  EXPECT_TRUE(trust.check("/usr/bin/git", "cc"));
  EXPECT_TRUE(trust.check("/usr/bin/git", "cc"));
  EXPECT_FALSE(trust.check("/usr/bin/git", "dd"));
  EXPECT_FALSE(trust.check("/usr/bin/git", "dd"));  // a refusal does not replace what is trusted
}

class InImage : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/image-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    root_ = pattern;
    ASSERT_TRUE(make_directories(root_ + "/usr/bin", 0755));
    ASSERT_TRUE(write_file_atomic(root_ + "/usr/bin/busybox", "content", 0755));
    ASSERT_EQ(symlink("/usr/bin/busybox", (root_ + "/usr/bin/wget").c_str()), 0);
    ASSERT_EQ(symlink("usr/bin", (root_ + "/bin").c_str()), 0);
    ASSERT_EQ(symlink("/../../../etc/passwd", (root_ + "/usr/bin/escape").c_str()), 0);
    fd_ = std::move(*open_file(root_, O_PATH | O_DIRECTORY));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_;
  Fd fd_;
};

TEST_F(InImage, linksAreResolvedInsideTheRoot) {
  for (const char* path : {"/usr/bin/busybox", "/usr/bin/wget", "/bin/wget", "/bin/busybox"}) {
    const Result<ImageFile> image = open_in_image(fd_, path);
    ASSERT_TRUE(image) << path << image.error().message;
    EXPECT_EQ(image->path, "/usr/bin/busybox");
    EXPECT_EQ(*hash_file(image->file), "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73");
  }
}

TEST_F(InImage, aDeviceIsNoBinary) {
  ASSERT_EQ(mkfifo((root_ + "/usr/bin/fifo").c_str(), 0755), 0);
  const Result<ImageFile> image = open_in_image(fd_, "/usr/bin/fifo");
  ASSERT_FALSE(image);
  EXPECT_NE(image.error().message.find("is not a regular file"), std::string::npos);
}

TEST_F(InImage, whatIsNotInTheImageIsNotFound) {
  for (const char* path : {"/usr/bin/escape", "/usr/bin/none"}) {
    const Result<ImageFile> image = open_in_image(fd_, path);
    ASSERT_FALSE(image) << path;
    EXPECT_EQ(image.error().errno_value, ENOENT);
  }
  EXPECT_FALSE(open_in_image(fd_, "/usr/bin"));
}

TEST_F(InImage, aRewrittenFileHasAnotherKey) {
  struct stat before, after;
  const std::string path = root_ + "/usr/bin/busybox";
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  // Same size, and the modification time set back: the change time gives it away.
  Fd file = std::move(*open_file(path, O_WRONLY));
  do {
    ASSERT_EQ(pwrite(file.raw(), "CONTENT", 7, 0), 7);
    const timespec times[2] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(futimens(file.raw(), times), 0);
    ASSERT_EQ(stat(path.c_str(), &after), 0);
  } while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
           after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);  // a clock tick
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_NE(file_key(before), file_key(after));
}

TEST(HashJob, stepsGiveTheSameDigestAsOneRead) {
  const Result<Fd> self = open_file("/proc/self/exe", O_RDONLY);
  ASSERT_TRUE(self);
  Result<HashJob> job = HashJob::create(*self);
  ASSERT_TRUE(job);
  int steps = 0;
  for (;; ++steps) {
    const Result<std::optional<std::string>> digest = job->step(1 << 14);
    ASSERT_TRUE(digest);
    if (!*digest) continue;
    EXPECT_EQ(**digest, *hash_file(*self));
    break;
  }
  EXPECT_GT(steps, 0);
}

}  // namespace
}  // namespace nemoclaw::peer
