// Identification with the kernel's record of who connected: against real sockets of real processes in a cgroup of
// version 2. Skipped where BPF, BTF or that cgroup is missing; everything else is tested without it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "proxy/peer/identity.h"
#include "runtime/base/file.h"
#include "runtime/bpf/connect_programs.h"

namespace nemoclaw::peer {
namespace {

std::string unified_root() {
  for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs info {};
    if (statfs(path, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC) return path;
  }
  return "";
}

uint64_t own_namespace(const char* name) {
  struct stat status = {};
  stat((std::string("/proc/self/ns/") + name).c_str(), &status);
  return status.st_ino;
}

struct Hook {
  Fd map, look;
};

Result<Hook> make_hook(const std::string& cgroup) {
  const std::string types = TRY(read_file("/sys/kernel/btf/vmlinux"));
  const bpf::KernelLayout layout = TRY(bpf::find_layout(types));
  Hook hook;
  hook.map = TRY(bpf::create_map(bpf::connect_map_plan()));
  hook.look = TRY(bpf::load_program(bpf::build_look_program(layout, hook.map.raw())));
  const Fd directory = TRY(open_file(cgroup, O_RDONLY | O_DIRECTORY));
  for (const bpf_attach_type type : {BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT}) {
    const Fd loaded = TRY(bpf::load_program(bpf::build_connect_program(layout, hook.map.raw(), type)));
    TRY(bpf::attach_to_cgroup(directory, loaded, type));
  }
  return hook;
}

// The test itself is the sandbox's first process; it does what its children would do.
class IdentityByRecord : public testing::Test {
 protected:
  void SetUp() override {
    const std::string root = unified_root();
    if (root.empty() || getuid() != 0) GTEST_SKIP() << "needs root and a cgroup of version 2";
    before_ = root + own_cgroup();
    cgroup_ = root + "/nemoclaw-identity-test-" + std::to_string(getpid());
    if (mkdir(cgroup_.c_str(), 0755) != 0) GTEST_SKIP() << "no cgroup can be made";
    Result<Hook> hook = make_hook(cgroup_);
    if (!hook) {
      rmdir(cgroup_.c_str());
      GTEST_SKIP() << hook.error().message;
    }
    map_ = std::move(hook->map);
    look_ = std::move(hook->look);
    ASSERT_TRUE(write_file(cgroup_ + "/cgroup.procs", std::to_string(getpid())));
    listener_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    ASSERT_EQ(bind(listener_.raw(), reinterpret_cast<sockaddr*>(&address_), length), 0);
    ASSERT_EQ(listen(listener_.raw(), 16), 0);
    ASSERT_EQ(getsockname(listener_.raw(), reinterpret_cast<sockaddr*>(&address_), &length), 0);
  }

  void TearDown() override {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    if (!look_.valid()) return;
    EXPECT_TRUE(write_file(before_ + "/cgroup.procs", std::to_string(getpid())));
    EXPECT_TRUE(write_file(cgroup_ + "/cgroup.kill", "1"));  // children of children
    for (int tries = 0; rmdir(cgroup_.c_str()) != 0 && tries < 100; ++tries) usleep(2000);
  }

  static std::string own_cgroup() {
    std::ifstream lines("/proc/self/cgroup");
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("0::")) return line.substr(3);
    return "/";
  }

  Fd connect_one() const {
    Fd client(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(connect(client.raw(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    return client;
  }
  // Of the connection that waits at the listener.
  SocketTuple accept_one() {
    servers_.emplace_back(accept4(listener_.raw(), nullptr, nullptr, SOCK_CLOEXEC));
    SocketTuple tuple;
    socklen_t size = sizeof tuple.local;
    EXPECT_EQ(getpeername(servers_.back().raw(), reinterpret_cast<sockaddr*>(&tuple.local), &size), 0);
    memcpy(&tuple.remote, &address_, sizeof address_);
    return tuple;
  }

  Identifier identifier() {
    Identifier finder(std::move(*SocketQuery::create()),
                      {"c", {cgroup_}, {own_namespace("mnt"), own_namespace("user")}});
    Result<Connects> connects = Connects::create(Fd(dup(look_.raw())));
    EXPECT_TRUE(connects);
    finder.use_connects(std::move(*connects));
    return finder;
  }

  // A child that does `what` and then waits; returns when it has done it.
  template <typename What>
  pid_t child_that(What what) {
    int gate[2];
    EXPECT_EQ(pipe2(gate, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      what();
      if (write(gate[1], "x", 1) == 1)
        for (;;) pause();
      _exit(1);
    }
    close(gate[1]);
    char byte;
    (void)!read(gate[0], &byte, 1);  // an exec closes it
    close(gate[0]);
    children_.push_back(child);
    return child;
  }
  static void become_sleep() { execl("/bin/sleep", "sleep", "1000", nullptr); }

  std::string cgroup_, before_;
  Fd map_, look_, listener_;
  sockaddr_in address_ = {};
  std::vector<Fd> servers_;
  std::vector<pid_t> children_;
};

TEST_F(IdentityByRecord, whoConnectedAndAloneHoldsItIsFoundWithoutASearch) {
  const Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  for (int round = 1; round <= 3; ++round) {
    const Result<Located> located = finder.locate(tuple, failure);
    ASSERT_TRUE(located) << located.error().message;
    EXPECT_EQ(located->pid, getpid());
    EXPECT_EQ(located->group, "c");
    EXPECT_EQ(located->executable->path, std::filesystem::read_symlink("/proc/self/exe").string());
    EXPECT_TRUE(located->ancestors.empty());  // our parent is in another cgroup
    EXPECT_EQ(finder.ways().record, round);
    EXPECT_TRUE(finder.confirm(tuple, *located));
    EXPECT_TRUE(finder.confirm_owners(tuple, *located));
  }
  EXPECT_EQ(finder.ways().search, 0u);
}

TEST_F(IdentityByRecord, aChildsParentsAreKnown) {
  const pid_t child = child_that([&] {
    connect_one().release();
  });
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->pid, child);
  ASSERT_EQ(located->ancestors.size(), 1u);
  EXPECT_EQ(located->ancestors[0].pid, getpid());
  EXPECT_EQ(located->ancestors[0].path, located->executable->path);
  EXPECT_EQ(finder.ways().record, 1u);
}

// More parents than a look shows: the search finds all of them.
TEST_F(IdentityByRecord, aLongLineOfParentsIsComplete) {
  constexpr size_t kDepth = 10;
  child_that([&] {
    for (size_t depth = 1; depth < kDepth; ++depth)
      if (fork() != 0)
        for (;;) pause();
    connect_one().release();
  });
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->ancestors.size(), kDepth);
  EXPECT_EQ(finder.ways().search, 1u);
}

// poll(2) keeps a reference of its own while it waits, as most clients do when they are identified.
TEST_F(IdentityByRecord, whoWaitsForAnAnswerIsStillAlone) {
  std::latch waiting(1);
  const Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  std::thread poller([&] {
    pollfd each{client.raw(), POLLIN, 0};
    waiting.count_down();
    poll(&each, 1, 10'000);
  });
  waiting.wait();
  usleep(50'000);
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  servers_.pop_back();  // ends the poll
  poller.join();
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(finder.ways().record, 1u);
}

// A poll of another process is another holder.
TEST_F(IdentityByRecord, G4_whoWaitsForTheAnswerToAnothersIsAHolder) {
  const Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  child_that([&] {
    if (fork() != 0) return;
    pollfd each{client.raw(), POLLIN, 0};
    poll(&each, 1, 10'000);
    _exit(0);
  });
  usleep(50'000);
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(finder.ways().record, 0u);
  EXPECT_GE(located->owners.size(), 2u);
}

// Two descriptors of one process are no second holder.
TEST_F(IdentityByRecord, aDuplicateOfItsOwnIsStillAlone) {
  const Fd client = connect_one();
  const Fd second(dup(client.raw())), far(fcntl(client.raw(), F_DUPFD, 900));
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  ASSERT_TRUE(finder.locate(tuple, failure));
  EXPECT_EQ(finder.ways().record, 1u);
}

TEST_F(IdentityByRecord, G4_aSecondHolderIsSearchedForAndHasToAgree) {
  const Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  child_that([] {});  // inherits it, and is the same program
  Identifier finder = identifier();
  Failure failure;
  Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->owners.size(), 2u);
  EXPECT_EQ(finder.ways().search, 1u);
  child_that(become_sleep);
  located = finder.locate(tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
}

// A search sees the last holder alone; the record says that another program made the connection.
TEST_F(IdentityByRecord, G4_aSocketThatWasPassedToAnotherProgramIsAmbiguous) {
  Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  child_that(become_sleep);
  client.reset();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
  EXPECT_NE(located.error().message.find("sleep"), std::string::npos) << located.error().message;
}

TEST_F(IdentityByRecord, G4_passedToAChildOfTheSameProgramItAgrees) {
  Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  const pid_t child = child_that([] {});
  client.reset();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->pid, child);
  EXPECT_EQ(finder.ways().search, 1u);
}

TEST_F(IdentityByRecord, G5_connectThenExecIsAmbiguous) {
  child_that([&] {
    connect_one().release();
    become_sleep();
  });
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
}

TEST_F(IdentityByRecord, G6_whoConnectedAndIsGoneLeavesNothingToOthers) {
  const pid_t child = child_that([&] {
    connect_one().release();
    if (fork() == 0)
      for (;;) pause();
  });
  const SocketTuple tuple = accept_one();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  children_.clear();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  EXPECT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
}

TEST_F(IdentityByRecord, G4_aThreadWithItsOwnDescriptorsIsSearchedFor) {
  Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  std::latch apart(1), seen(1);
  std::thread keeper([&] {
    EXPECT_EQ(unshare(CLONE_FILES), 0);
    apart.count_down();
    seen.wait();
  });
  apart.wait();
  client.reset();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(tuple, failure);
  seen.count_down();
  keeper.join();
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(finder.ways().search, 1u);
}

// No record: the socket was made outside of the cgroup that is watched.
TEST_F(IdentityByRecord, withoutARecordItIsSearchedFor) {
  ASSERT_TRUE(write_file(before_ + "/cgroup.procs", std::to_string(getpid())));
  const Fd client = connect_one();
  const SocketTuple tuple = accept_one();
  ASSERT_TRUE(write_file(cgroup_ + "/cgroup.procs", std::to_string(getpid())));
  Identifier finder = identifier();
  Failure failure;
  ASSERT_TRUE(finder.locate(tuple, failure));
  EXPECT_EQ(finder.ways().record, 0u);
  EXPECT_EQ(finder.ways().search, 1u);
}

TEST_F(IdentityByRecord, G2_anExecutableThatWasRemovedIsNoneAnyMore) {
  const std::string program = "/tmp/nemoclaw-identity-test-" + std::to_string(getpid());
  std::filesystem::copy_file("/proc/self/exe", program);
  chmod(program.c_str(), 0755);
  const std::string port = std::to_string(ntohs(address_.sin_port));
  child_that([&] {
    execl(program.c_str(), program.c_str(), "--connect", port.c_str(), nullptr);
  });
  const SocketTuple tuple = accept_one();
  Identifier finder = identifier();
  Failure failure;
  Result<Located> located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->executable->path, program);
  std::filesystem::rename(program, program + ".moved");
  located = finder.locate(tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->executable->path, program + ".moved");
  std::filesystem::remove(program + ".moved");
  located = finder.locate(tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_NE(located.error().message.find("deleted or replaced"), std::string::npos) << located.error().message;
}

}  // namespace
}  // namespace nemoclaw::peer

// The test program connects on its own as well, under whatever name it is executed.
int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--connect") {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(argv[2])));
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
    for (;;) pause();
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
