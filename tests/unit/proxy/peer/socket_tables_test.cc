// What is remembered of a process that sleeps, and that it is not believed when the process has run.
#include "proxy/peer/socket_tables.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace nemoclaw::peer {
namespace {

uint64_t inode_of(int fd) {
  struct stat status;
  EXPECT_EQ(fstat(fd, &status), 0);
  return status.st_ino;
}

// A child that takes orders over a socket: 'r' with a descriptor to keep, 'c' to close the one it got last.
class Keeper {
 public:
  Keeper() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    orders_ = ends[0];
    pid_ = fork();
    if (pid_ == 0) obey(ends[1]);
    close(ends[1]);
  }
  ~Keeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(orders_);
  }
  pid_t pid() const { return pid_; }
  void give(int fd) { order('r', fd); }
  void take_back() { order('c', -1); }

 private:
  [[noreturn]] static void obey(int orders) {
    for (int got = -1;;) {
      char what = 0;
      iovec data = {&what, 1};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
      msghdr message = {};
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      if (recvmsg(orders, &message, 0) != 1) _exit(1);
      if (what == 'r')
        memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
      else
        close(got);
      if (write(orders, "k", 1) != 1) _exit(1);
    }
  }
  void order(char what, int fd) {
    iovec data = {&what, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (fd >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof fd);
      memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    EXPECT_EQ(sendmsg(orders_, &message, 0), 1);
    char done;
    EXPECT_EQ(read(orders_, &done, 1), 1);
  }
  int orders_ = -1;
  pid_t pid_ = 0;
};

std::vector<pid_t> owners_of(SocketTables& tables, const std::vector<pid_t>& members, uint64_t inode) {
  std::vector<pid_t> pids;
  const Result<std::vector<Owner>> owners = tables.find_owners(members, inode);
  EXPECT_TRUE(owners) << (owners ? "" : owners.error().message);
  if (!owners) return pids;
  for (const Owner& owner : *owners) {
    EXPECT_TRUE(still_holds(owner, inode));
    pids.push_back(owner.pid);
  }
  return pids;
}

// It is remembered when it has gone to sleep, which it does soon.
void wait_until_remembered(SocketTables& tables, pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (tables.remembered() == 0 && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(tables.find_owners({pid}, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_EQ(tables.remembered(), 1U);
}

TEST(SocketTables, G4_aDescriptorThatWasPassedOnIsSeenAtOnce) {
  Keeper keeper;
  SocketTables tables;
  wait_until_remembered(tables, keeper.pid());
  for (int round = 0; round < 50; ++round) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const uint64_t inode = inode_of(socket.raw());
    EXPECT_TRUE(owners_of(tables, {keeper.pid()}, inode).empty());
    keeper.give(socket.raw());
    EXPECT_EQ(owners_of(tables, {keeper.pid()}, inode), std::vector<pid_t>{keeper.pid()}) << round;
    keeper.take_back();
    EXPECT_TRUE(owners_of(tables, {keeper.pid()}, inode).empty()) << round;
  }
}

TEST(SocketTables, WhatIsRememberedAnswersForEverySocket) {
  const Fd one(socket(AF_INET, SOCK_STREAM, 0)), other(socket(AF_INET6, SOCK_DGRAM, 0));
  Keeper keeper;  // inherits both
  SocketTables tables;
  wait_until_remembered(tables, keeper.pid());
  EXPECT_EQ(owners_of(tables, {keeper.pid()}, inode_of(one.raw())), std::vector<pid_t>{keeper.pid()});
  EXPECT_EQ(owners_of(tables, {keeper.pid()}, inode_of(other.raw())), std::vector<pid_t>{keeper.pid()});
  EXPECT_EQ(tables.remembered(), 1U);
}

TEST(SocketTables, ProcessesThatHaveEndedAreForgotten) {
  SocketTables tables;
  pid_t gone = 0;
  {
    Keeper keeper;
    gone = keeper.pid();
    wait_until_remembered(tables, gone);
  }
  EXPECT_TRUE(owners_of(tables, {gone}, 1).empty());
  EXPECT_EQ(tables.remembered(), 0U);
}

// Without descriptors nobody can be looked at, and who is not looked at may be the holder.
TEST(SocketTables, H12_withoutDescriptorsNobodyIsTakenForInnocent) {
  Keeper keeper;
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  keeper.give(socket.raw());
  const uint64_t inode = inode_of(socket.raw());
  SocketTables tables;
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  for (rlim_t free = 0; free < 2; ++free) {  // none, and one that opens the process but not its descriptors
    const Fd next(dup(socket.raw()));
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(next.raw()) + 1 + free;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const Result<std::vector<Owner>> owners = tables.find_owners({keeper.pid()}, inode);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(owners) << free;
    EXPECT_EQ(owners.error().errno_value, EMFILE);
  }
  EXPECT_EQ(owners_of(tables, {keeper.pid()}, inode), std::vector<pid_t>{keeper.pid()});
}

// Its table can change while it sleeps itself.
TEST(SocketTables, ProcessesWithSeveralThreadsAreReadEachTime) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SocketTables tables;
  std::jthread second([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(owners_of(tables, {getpid()}, inode_of(socket.raw())), std::vector<pid_t>{getpid()});
  EXPECT_EQ(tables.remembered(), 0U);
}

}  // namespace
}  // namespace nemoclaw::peer
