// The small pure pieces of the room: cgroup paths, exit codes, terminals, names.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/procfs.h"
#include "runtime/container/cgroup_place.h"
#include "runtime/container/exec_cgroup.h"
#include "runtime/container/create.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/pid_file.h"
#include "runtime/container/process.h"
#include "runtime/container/unix_socket.h"
#include "runtime/container/user_name.h"
#include "tests/unit/runtime/container/temporary_directory.h"

namespace nemoclaw::container {
namespace {

TEST(CgroupPlace, ExecSubCgroupMayNotLeaveTheContainers) {
  oci::StateRecord record;
  record.cgroup_driver = "v1";
  const TemporaryDirectory home;
  const std::string memory = home.path() + "/memory/web", pids = home.path() + "/pids/web";
  ASSERT_TRUE(make_directories(memory + "/inner", 0700).has_value());
  ASSERT_TRUE(make_directories(pids, 0700).has_value());
  for (const std::string& each : {memory, memory + "/inner", pids})
    ASSERT_TRUE(write_file_atomic(each + "/tasks", "", 0600).has_value());
  record.cgroup_paths = {memory, pids};
  EXPECT_TRUE(ExecCgroup::open(record, {}).has_value());
  EXPECT_EQ(ExecCgroup::open(record, {}).value().joins().size(), 2u);
  EXPECT_TRUE(ExecCgroup::open(record, {"memory:inner"}).has_value());
  EXPECT_FALSE(ExecCgroup::open(record, {"inner"}).has_value());  // pids has none
  EXPECT_FALSE(ExecCgroup::open(record, {"../other"}).has_value());
  EXPECT_FALSE(ExecCgroup::open(record, {"inner/../../x"}).has_value());
}

TEST(ExecCgroup, SubCgroupsAreCleanAndInside) {
  EXPECT_EQ(parse_sub_cgroup("cpu,cpuacct:a//b/").value(), (SubCgroup{{"cpu", "cpuacct"}, "/a/b"}));
  EXPECT_EQ(parse_sub_cgroup("/").value(), (SubCgroup{{}, "/"}));
  for (const char* bad : {"..", "../sibling", "cpu:../sibling", "a/../../b"}) {
    const Result<SubCgroup> parsed = parse_sub_cgroup(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_NE(parsed.error().message.find("bad sub cgroup path"), std::string::npos) << bad;
  }
}

TEST(ExecCgroup, DomainControllersKeepProcessesOut) {
  EXPECT_TRUE(may_hold_processes(""));
  EXPECT_TRUE(may_hold_processes("cpu pids cpuset\n"));
  EXPECT_FALSE(may_hold_processes("cpu memory\n"));
}

TEST(Terminal, SomebodyMustTakeTheMaster) {
  EXPECT_TRUE(check_terminal(true, true, true).has_value());
  EXPECT_TRUE(check_terminal(true, false, false).has_value());
  EXPECT_TRUE(check_terminal(false, true, false).has_value());
  EXPECT_FALSE(check_terminal(true, true, false).has_value());
  EXPECT_FALSE(check_terminal(false, true, true).has_value());
  EXPECT_FALSE(check_terminal(true, false, true).has_value());
}

TEST(Process, ExitCodesAreTheShells) {
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, 0)), 0);
  EXPECT_EQ(exit_code_of(W_EXITCODE(7, 0)), 7);
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, SIGKILL)), 137);
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, SIGTERM)), 143);
}

TEST(Process, AReusedPidIsNotTheProcess) {
  const uint64_t start_time = procfs::stat(getpid())->start_time;
  EXPECT_TRUE(open_process_pidfd(getpid(), start_time).has_value());
  const Result<Fd> other = open_process_pidfd(getpid(), start_time + 1);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().message, "os: process already finished");
}

TEST(PidNamespace, OnlyANewOneIsItsOwn) {
  oci::Spec spec;
  EXPECT_FALSE(oci::later_verbs(spec).own_pids);
  spec.linux_.namespaces = {{.type = "pid", .path = "/proc/1/ns/pid"}};
  EXPECT_FALSE(oci::later_verbs(spec).own_pids);
  spec.linux_.namespaces = {{.type = "pid", .path = ""}};
  EXPECT_TRUE(oci::later_verbs(spec).own_pids);
}

TEST(UserName, IsFoundByUid) {
  const char* passwd = "root:x:0:0::/root:/bin/sh\nbroken\nweb:x:1000:1000::/:/bin/sh\nlast:x:7:7::/:";
  EXPECT_EQ(user_name_in(passwd, 1000), "web");
  EXPECT_EQ(user_name_in(passwd, 7), "last");
  EXPECT_EQ(user_name_in(passwd, 100), "");
  EXPECT_EQ(user_name_in("", 0), "");
}

TEST(PidFile, HoldsTheNumberAndNothingElse) {
  const TemporaryDirectory home;
  const std::string file = home.path() + "/init.pid";
  ASSERT_TRUE(write_pid_file(file, 4711).has_value());
  EXPECT_EQ(*read_file(file), "4711");
  EXPECT_EQ(list_directory(home.path())->size(), 1u);
  EXPECT_NE(write_pid_file(home.path() + "/absent/pid", 1).error().message.find("--pid-file"),
            std::string::npos);
}

TEST(UnixSocket, LongPathsWork) {
  const TemporaryDirectory home;
  const std::string deep = home.path() + "/" + std::string(200, 'd');
  ASSERT_TRUE(make_directories(deep, 0700).has_value());
  const Result<Fd> directory = open_file(deep, O_PATH | O_DIRECTORY);
  ASSERT_TRUE(directory.has_value());
  const Result<Fd> listener = listen_at(*directory, "start.sock");
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  const Result<Fd> client = connect_path(deep + "/start.sock");
  ASSERT_TRUE(client.has_value()) << client.error().message;
}

}  // namespace
}  // namespace nemoclaw::container
