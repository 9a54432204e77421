#include "runtime/isolation/network_ahead.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"

namespace nemoclaw::isolation {
namespace {

oci::Linux with(std::vector<oci::Namespace> namespaces) {
  oci::Linux linux_;
  linux_.namespaces = std::move(namespaces);
  return linux_;
}

TEST(NetworkAhead, IsForANewOneOfTheRuntimesOwnUserNamespace) {
  EXPECT_TRUE(NetworkAhead::is_wanted(with({{"mount", ""}, {"network", ""}})));
  EXPECT_FALSE(NetworkAhead::is_wanted(with({{"mount", ""}})));
  EXPECT_FALSE(NetworkAhead::is_wanted(with({{"network", "/run/netns/x"}})));
  EXPECT_FALSE(NetworkAhead::is_wanted(with({{"network", ""}, {"user", ""}})));
  EXPECT_FALSE(NetworkAhead::is_wanted(with({{"network", ""}, {"user", "/proc/1/ns/user"}})));
}

ino_t inode_of(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

// What the one who enters it sees: its own user namespace owns it, and it holds nothing but lo, which is
// up.
int look_inside(FdRef network) {
  if (setns(network.raw(), CLONE_NEWNET) != 0) return 1;
  constexpr unsigned long kGetUserNamespace = 0xb701;  // NS_GET_USERNS
  const Fd owner(ioctl(network.raw(), kGetUserNamespace));
  struct stat status {};
  if (!owner.valid() || fstat(owner.raw(), &status) != 0 || status.st_ino != inode_of("/proc/self/ns/user"))
    return 2;
  struct if_nameindex* names = if_nameindex();
  if (!names || names[0].if_index != 1) return 3;
  const Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  if (ioctl(any.raw(), SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP) == 0) return 4;
  return 0;
}

TEST(NetworkAhead, MakesOneThatIsNew) {
  const ino_t own = inode_of("/proc/self/ns/net");
  for (int round = 0; round < 20; ++round) {
    NetworkAhead ahead;
    EXPECT_FALSE(ahead.take().valid()) << "not begun";
    ahead.begin();
    const Fd network = ahead.take();
    EXPECT_FALSE(ahead.take().valid()) << "taken";
    if (!network.valid()) GTEST_SKIP() << "needs root, two CPUs, x86-64, and no sanitizer";
    struct stat status {};
    ASSERT_EQ(fstat(network.raw(), &status), 0);
    EXPECT_NE(status.st_ino, own);
    EXPECT_EQ(inode_of("/proc/self/ns/net"), own) << "the caller stays where it is";
    const pid_t child = fork();
    if (child == 0) _exit(look_inside(network));
    int code = 0;
    waitpid(child, &code, 0);
    EXPECT_EQ(code, 0);
  }
}

TEST(NetworkAhead, LeavesNoDescriptorBehindWhenNobodyTakesIt) {
  const size_t before = list_directory("/proc/self/fd")->size();
  for (int round = 0; round < 20; ++round) {
    NetworkAhead ahead;
    ahead.begin();
    ahead.begin();
  }
  EXPECT_EQ(list_directory("/proc/self/fd")->size(), before);
}

}  // namespace
}  // namespace nemoclaw::isolation
