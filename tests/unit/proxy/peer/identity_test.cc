// Identification against real sockets of real processes; the "cgroup" is a directory with the one file that
// is read.
#include "proxy/peer/identity.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {
namespace {

bool holds_socket(pid_t pid, uint64_t inode) {
  const Result<Fd> process = procfs::open_process(pid);
  if (!process) return false;
  const Result<Holding> holding = holds(*process, pid, inode);
  return holding && holding->is_held;
}

struct Pair {
  Fd client, server;
  SocketTuple tuple;
};

Pair connected_pair() {
  Pair pair;
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(listener.raw(), reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(listen(listener.raw(), 1), 0);
  EXPECT_EQ(getsockname(listener.raw(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  pair.client = Fd(socket(AF_INET, SOCK_STREAM, 0));  // inheritable: some tests pass it on
  EXPECT_EQ(connect(pair.client.raw(), reinterpret_cast<sockaddr*>(&address), length), 0);
  pair.server = Fd(accept4(listener.raw(), nullptr, nullptr, SOCK_CLOEXEC));
  socklen_t size = sizeof pair.tuple.local;
  EXPECT_EQ(getsockname(pair.client.raw(), reinterpret_cast<sockaddr*>(&pair.tuple.local), &size), 0);
  size = sizeof pair.tuple.remote;
  EXPECT_EQ(getpeername(pair.client.raw(), reinterpret_cast<sockaddr*>(&pair.tuple.remote), &size), 0);
  return pair;
}

class Identity : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/identity-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    std::filesystem::create_directory(directory_ + "/inner");
    set_members("cgroup.procs", {getpid()});
    set_members("inner/cgroup.procs", {});
  }
  void TearDown() override {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
  }

  void set_members(const std::string& file, const std::vector<pid_t>& pids) {
    std::ofstream out(directory_ + "/" + file);
    for (const pid_t pid : pids) out << pid << '\n';
  }
  // A child that inherits the descriptor and executes `program` (or stays what it is); returns after the
  // exec.
  pid_t spawn(int program_fd) {
    int gate[2];
    EXPECT_EQ(pipe2(gate, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      const char* arguments[] = {"sleep", "1000", nullptr};
      char* environment[] = {nullptr};
      if (program_fd >= 0) fexecve(program_fd, const_cast<char**>(arguments), environment);
      if (write(gate[1], "x", 1) == 1) pause();
      _exit(1);
    }
    close(gate[1]);
    char byte;
    EXPECT_EQ(read(gate[0], &byte, 1), program_fd >= 0 ? 0 : 1);  // the exec closes the gate
    close(gate[0]);
    children_.push_back(child);
    return child;
  }
  Identifier identifier() {
    return Identifier(std::move(*SocketQuery::create()), {"c", {"/nowhere", directory_}});
  }

  std::string directory_;
  std::vector<pid_t> children_;
};

std::string own_executable() { return std::filesystem::read_symlink("/proc/self/exe"); }

TEST_F(Identity, findsTheOwnerItsExecutableAndItsUser) {
  const Pair pair = connected_pair();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->pid, getpid());
  EXPECT_EQ(located->executable->path, own_executable());
  EXPECT_EQ(located->socket.uid, getuid());
  EXPECT_TRUE(located->ancestors.empty());  // our parent is not in the sandbox
  EXPECT_TRUE(finder.confirm(pair.tuple, *located));
}

TEST_F(Identity, theListenersSideIsAnotherSocket) {
  const Pair pair = connected_pair();
  SocketTuple swapped = pair.tuple;
  std::swap(swapped.local, swapped.remote);
  SocketQuery query = std::move(*SocketQuery::create());
  const auto client = query.find(pair.tuple), server = query.find(swapped);
  ASSERT_TRUE(client && server);
  EXPECT_NE(client->inode, server->inode);
}

TEST_F(Identity, aSocketOfAProcessOutsideIsNobodys) {
  const Pair pair = connected_pair();
  set_members("cgroup.procs", {spawn(-1)});
  Identifier finder = identifier();
  // The child holds the client socket too (inherited), so close our knowledge of it by listing nobody.
  set_members("cgroup.procs", {});
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "policy_denied");
  EXPECT_TRUE(failure.uid_known);
}

TEST_F(Identity, G6_goneIsAnError) {
  Pair pair = connected_pair();
  pair.client.reset();
  Identifier finder = identifier();
  Failure failure;
  EXPECT_FALSE(finder.locate(pair.tuple, failure));
}

TEST_F(Identity, G4_holdersWithOneExecutableAgree) {
  const Pair pair = connected_pair();
  const pid_t child = spawn(-1);
  set_members("inner/cgroup.procs", {child});
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->owners.size(), 2u);
}

TEST_F(Identity, G4_holdersWithDifferentExecutablesAreAmbiguous) {
  const Pair pair = connected_pair();
  const Result<Fd> program = open_file("/bin/sleep", O_RDONLY);
  ASSERT_TRUE(program);
  set_members("inner/cgroup.procs", {spawn(program->raw())});
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
  EXPECT_NE(located.error().message.find("sleep"), std::string::npos);
}

TEST_F(Identity, G5_anOwnerThatHasLetGoIsNoneAnyMore) {
  Pair pair = connected_pair();
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_TRUE(finder.confirm_owners(pair.tuple, *located));
  // Moved within the table is still held.
  const Fd moved(fcntl(pair.client.raw(), F_DUPFD_CLOEXEC, 500));
  pair.client.reset();
  EXPECT_TRUE(finder.confirm_owners(pair.tuple, *located));
  // Now another process alone has it.
  const Result<Fd> program = open_file("/bin/sleep", O_RDONLY);
  ASSERT_TRUE(program);
  const int inherited = dup(moved.raw());
  const pid_t child = spawn(program->raw());
  close(inherited);
  const_cast<Fd&>(moved).reset();
  EXPECT_TRUE(holds_socket(child, located->socket.inode));
  const Result<void> confirmed = finder.confirm_owners(pair.tuple, *located);
  ASSERT_FALSE(confirmed);
  EXPECT_NE(confirmed.error().message.find("let go of its socket"), std::string::npos) << confirmed.error().message;
}

// unshare(CLONE_FILES): what the thread opens or keeps is not in /proc/<pid>/fd.
TEST_F(Identity, G4_aThreadWithItsOwnDescriptorsHidesNothing) {
  Pair pair = connected_pair();
  const uint64_t inode = SocketQuery::create()->find(pair.tuple)->inode;
  const int raw = pair.client.raw();
  std::latch apart(1), seen(1);
  std::thread keeper([&] {
    EXPECT_EQ(unshare(CLONE_FILES), 0);
    apart.count_down();
    seen.wait();
    EXPECT_EQ(close(raw), 0);  // the thread's own copy
  });
  apart.wait();
  std::thread bystander([&] { seen.wait(); });  // shares the table of the process
  pair.client.reset();
  EXPECT_TRUE(holds_socket(getpid(), inode));
  EXPECT_EQ(SocketTables().find_owners({getpid()}, inode)->size(), 1u);
  EXPECT_FALSE(holds_socket(getpid(), inode + 1'000'000));
  seen.count_down();
  keeper.join();
  bystander.join();
  EXPECT_FALSE(holds_socket(getpid(), inode));
}

// A pod: the group says whose policy applies, and a socket that two containers hold is nobody's.
TEST_F(Identity, containersAreToldApartByTheirCgroups) {
  const Pair pair = connected_pair();
  const std::string other = directory_ + "-other";
  std::filesystem::create_directory(other);
  Identifier finder = identifier();
  const Result<void> nested = finder.add_group({"nested", {directory_ + "/inner"}});
  ASSERT_FALSE(nested);
  EXPECT_NE(nested.error().message.find("cannot be told apart"), std::string::npos);
  EXPECT_FALSE(finder.add_group({"same", {directory_}}));
  ASSERT_TRUE(finder.add_group({"other", {other}}));
  std::ofstream(other + "/cgroup.procs") << getpid() << '\n';
  set_members("cgroup.procs", {});
  Failure failure;
  Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->group, "other");
  EXPECT_TRUE(finder.confirm(pair.tuple, *located));
  set_members("cgroup.procs", {spawn(-1)});  // inherits the socket, in the first container
  EXPECT_FALSE(finder.confirm(pair.tuple, *located));
  located = finder.locate(pair.tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_EQ(failure.code, "ambiguous_owner");
  std::filesystem::remove_all(other);  // gone: the first container's process is alone with it
  located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located) << located.error().message;
  EXPECT_EQ(located->group, "c");
  finder.remove_group("other");
  EXPECT_TRUE(finder.add_group({"other", {other}}));
}

TEST_F(Identity, G5_anExecBetweenTheTwoStepsShows) {
  Pair pair = connected_pair();
  const Result<Fd> program = open_file("/bin/sleep", O_RDONLY);
  ASSERT_TRUE(program);
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_TRUE(located);
  set_members("cgroup.procs", {spawn(program->raw())});  // now another executable holds it
  EXPECT_FALSE(finder.confirm(pair.tuple, *located));
}

TEST_F(Identity, G2_aMemoryFileIsAnonymous) {
  const Pair pair = connected_pair();
  const Fd memory(memfd_create("curl", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(memory, *read_file("/bin/sleep")));
  // A descriptor that is open for writing cannot be executed.
  const Result<Fd> readable = open_file("/proc/self/fd/" + std::to_string(memory.raw()), O_RDONLY);
  ASSERT_TRUE(readable);
  const int inherited = fcntl(readable->raw(), F_DUPFD_CLOEXEC, 100);
  const_cast<Fd&>(memory).reset();
  const pid_t child = spawn(inherited);
  close(inherited);
  set_members("cgroup.procs", {child});
  Identifier finder = identifier();
  Failure failure;
  const Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_NE(located.error().message.find("deleted or replaced, or never had a name"), std::string::npos)
      << located.error().message;
}

TEST_F(Identity, ancestorsEndWhereTheSandboxEnds) {
  const Pair pair = connected_pair();
  const Result<Fd> program = open_file("/bin/sleep", O_RDONLY);
  ASSERT_TRUE(program);
  const pid_t child = spawn(program->raw());
  struct stat own;
  ASSERT_EQ(stat("/proc/self/ns/mnt", &own), 0);
  std::vector<pid_t> members = {getpid(), child};
  std::sort(members.begin(), members.end());
  const std::vector<Ancestor> ancestors = find_ancestors(child, members, {.mount = own.st_ino});
  ASSERT_EQ(ancestors.size(), 1u);
  EXPECT_EQ(ancestors[0].path, own_executable());
  EXPECT_TRUE(ancestors[0].executable);
  const std::vector<Ancestor> foreign = find_ancestors(child, members, {.mount = own.st_ino + 1});
  ASSERT_EQ(foreign.size(), 1u);
  EXPECT_FALSE(foreign[0].executable);
  EXPECT_NE(foreign[0].path, own_executable());
}

uint64_t own_namespace(const char* name) {
  struct stat status;
  return stat((std::string("/proc/self/ns/") + name).c_str(), &status) == 0 ? status.st_ino : 0;
}

// In a user namespace that it made, a process may say what /proc/<pid>/exe is.
TEST_F(Identity, G8_aUserNamespaceOfItsOwnIsNobodys) {
  const Pair pair = connected_pair();
  int apart[2];
  ASSERT_EQ(pipe(apart), 0);
  const pid_t child = fork();
  if (child == 0) {
    const char word = unshare(CLONE_NEWUSER) == 0 ? 'u' : 'n';
    if (write(apart[1], &word, 1) == 1) pause();
    _exit(1);
  }
  children_.push_back(child);
  char word = 0;
  ASSERT_EQ(read(apart[0], &word, 1), 1);
  close(apart[0]);
  close(apart[1]);
  if (word != 'u') GTEST_SKIP() << "no user namespaces here";
  set_members("cgroup.procs", {child});
  const Namespaces created = {.mount = own_namespace("mnt"), .user = own_namespace("user")};
  Identifier finder(std::move(*SocketQuery::create()), {"c", {directory_}, created});
  Failure failure;
  Result<Located> located = finder.locate(pair.tuple, failure);
  ASSERT_FALSE(located);
  EXPECT_NE(located.error().message.find("user namespace of its own"), std::string::npos);
  set_members("cgroup.procs", {getpid()});  // the same socket, held by a process that stayed
  located = finder.locate(pair.tuple, failure);
  EXPECT_TRUE(located) << located.error().message;
}

// Not what the oldest process made of it: that may be the agent.
TEST_F(Identity, theMountNamespaceIsThatOfTheCreate) {
  const Pair pair = connected_pair();
  const Namespaces created = {.mount = own_namespace("mnt") + 1, .user = own_namespace("user")};
  Identifier finder(std::move(*SocketQuery::create()), {"c", {directory_}, created});
  Failure failure;
  EXPECT_FALSE(finder.locate(pair.tuple, failure));
  EXPECT_TRUE(identifier().locate(pair.tuple, failure));
}

// A container that may make cgroups below its own chooses their names and their depth.
TEST_F(Identity, noCgroupHidesAProcess) {
  std::filesystem::create_directory(directory_ + "/.hidden");
  set_members(".hidden/cgroup.procs", {1});
  const Result<std::vector<pid_t>> members = list_members({directory_});
  ASSERT_TRUE(members);
  EXPECT_EQ(*members, (std::vector<pid_t>{1, getpid()}));
  std::string deep = "inner";
  for (int depth = 0; depth < 20; ++depth) {
    deep += "/x";
    std::filesystem::create_directory(directory_ + "/" + deep);
    set_members(deep + "/cgroup.procs", {1});
  }
  EXPECT_FALSE(list_members({directory_}));
}

TEST_F(Identity, membersOfInnerCgroupsCountAndNoneIsAnError) {
  set_members("inner/cgroup.procs", {1, getpid()});
  const Result<std::vector<pid_t>> members = list_members({"/nowhere", directory_});
  ASSERT_TRUE(members);
  EXPECT_EQ(*members, (std::vector<pid_t>{1, getpid()}));
  EXPECT_FALSE(list_members({"/nowhere"}));
  EXPECT_FALSE(list_members({}));
}

}  // namespace
}  // namespace nemoclaw::peer
