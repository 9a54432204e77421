#include "runtime/oci/proxy_record.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks/launch_proxy.h"
#include "hooks/net_namespace.h"
#include "hooks/proxy_cgroup.h"
#include "hooks/stop.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::hooks {
namespace {

using oci::ProxyRecord;
using oci::read_proxy_record;
using oci::write_proxy_record;

class Directory {
 public:
  Directory() {
    char pattern[] = "/tmp/nemoclaw-hooks-XXXXXX";
    path_ = mkdtemp(pattern);
  }
  ~Directory() { (void)remove_tree(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<ProxyRecord> launch_proxy(const LaunchPlan& plan, FdRef log) {
  const NetNamespace network = TRY(open_net_namespace(0));
  ProxyLaunch launch = TRY(ProxyLaunch::begin(plan, network.fd, log));
  return launch.finish(FdRef());
}

TEST(LaunchProxy, ArgumentsNameDirectoryDescriptorAndConfig) {
  using Words = std::vector<std::string>;
  LaunchPlan plan = {.program = "/p", .sandbox_directory = "/s/x", .audit_file = "/l/a", .user = {5, 6}};
  Words words = {"/p",         "--sandbox-dir", "/s/x",          "--audit-file", "/l/a",      "--user", "5:6",
                 "--ready-fd", "3",             "--host-net-fd", "4",            "--look-fd", "5"};
  EXPECT_EQ(proxy_arguments(plan), words);
  plan.config_file = "/c";
  words.insert(words.end(), {"--config", "/c"});
  EXPECT_EQ(proxy_arguments(plan), words);
}

// A program that is not a proxy says nothing on the ready pipe: the launch fails with how it ended, and
// leaves nothing behind.
TEST(LaunchProxy, ProgramThatIsNotReadyIsAnError) {
  Directory root;
  const Result<Fd> log = open_hook_log(root.path());
  ASSERT_TRUE(log);
  const auto launched = [&](const char* program) {
    const Result<ProxyRecord> result =
        launch_proxy({.program = program, .sandbox_directory = root.path()}, *log);
    return result ? std::string("launched") : result.error().message;
  };
  EXPECT_EQ(launched("/bin/true"), "start /bin/true: it ended before it was ready (exit code 0)");
  EXPECT_EQ(launched("/nonexistent/proxy"), "start /nonexistent/proxy: No such file or directory");
}

// A shell script in the proxy's place: it sees what the launch gives to the proxy.
std::string run_script(const std::string& directory, const std::string& body, Result<ProxyRecord>* out) {
  const std::string script = directory + "/script";
  EXPECT_TRUE(write_file_atomic(script, "#!/bin/sh\n" + body, 0755));
  const Result<Fd> log = open_hook_log(directory);
  EXPECT_TRUE(log);
  *out = launch_proxy({.program = script, .sandbox_directory = directory}, *log);
  return read_file(directory + "/hook.log").value_or("");
}

TEST(LaunchProxy, ReportsTheReasonThatTheProgramGives) {
  Directory root;
  Result<ProxyRecord> result = make_error("");
  run_script(root.path(), "printf 'Epolicy.yaml:3: no' >&3; sleep 60\n", &result);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "start " + root.path() + "/script: policy.yaml:3: no");
}

TEST(LaunchProxy, ProgramIsAloneAndEndsOnStop) {
  Directory root;
  Fd leak(fcntl(STDOUT_FILENO, F_DUPFD, 77));  // not CLOEXEC: what a manager's pipe would be
  Result<ProxyRecord> result = make_error("");
  const std::string log = run_script(
      root.path(),
      "ls -l /proc/$$/fd >&2; env >&2; readlink /proc/$$/cwd >&2; printf R >&3; exec sleep 60 3>&-\n",
      &result);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(procfs::is_alive(result->pid, result->start_time));
  EXPECT_EQ(getsid(result->pid), result->pid);
  EXPECT_EQ(log.find(" " + std::to_string(leak.raw()) + " -> "), std::string::npos) << log;
  EXPECT_NE(log.find(" 0 -> /dev/null"), std::string::npos) << log;
  EXPECT_NE(log.find(" 1 -> " + root.path() + "/hook.log"), std::string::npos) << log;
  stop_proxy(*result);
  EXPECT_FALSE(procfs::is_alive(result->pid, result->start_time));
}

TEST(LaunchProxy, NothingIsExecutedBeforeTheFenceIsProven) {
  Directory root;
  const std::string script = root.path() + "/script", mark = root.path() + "/executed";
  ASSERT_TRUE(
      write_file_atomic(script, "#!/bin/sh\ntouch " + mark + "\nprintf R >&3\nexec sleep 60 3>&-\n", 0755));
  const Result<Fd> log = open_hook_log(root.path());
  const Result<NetNamespace> network = open_net_namespace(0);
  ASSERT_TRUE(network);
  {
    Result<ProxyLaunch> given_up =
        ProxyLaunch::begin({.program = script, .sandbox_directory = root.path()}, network->fd, *log);
    ASSERT_TRUE(given_up);
  }
  EXPECT_FALSE(file_exists(mark));
  Result<ProxyLaunch> launch =
      ProxyLaunch::begin({.program = script, .sandbox_directory = root.path()}, network->fd, *log);
  ASSERT_TRUE(launch);
  EXPECT_FALSE(file_exists(mark));
  const Result<ProxyRecord> record = launch->finish(FdRef());
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_TRUE(file_exists(mark));
  stop_proxy(*record);
}

// The hook is killed while it waits for a proxy that already runs: `stop` must find that proxy.
TEST(LaunchProxy, StopFindsTheProxyOfAHookThatWasKilled) {
  Directory root;
  const std::string script = root.path() + "/script", mark = root.path() + "/executed";
  ASSERT_TRUE(write_file_atomic(script, "#!/bin/sh\ntouch " + mark + "\nexec sleep 60\n", 0755));
  const pid_t hook = fork();
  ASSERT_GE(hook, 0);
  if (hook == 0) {
    const Result<Fd> log = open_hook_log(root.path());
    const Result<NetNamespace> network = open_net_namespace(0);
    if (!log || !network) _exit(1);
    Result<ProxyLaunch> launch =
        ProxyLaunch::begin({.program = script, .sandbox_directory = root.path()}, network->fd, *log);
    const Result<ProxyRecord> record = launch ? launch->record() : make_error("");
    if (!record || !write_proxy_record(root.path(), *record)) _exit(2);
    (void)launch->finish(FdRef());
    _exit(3);
  }
  while (!file_exists(mark) && waitpid(hook, nullptr, WNOHANG) == 0) usleep(1000);
  ASSERT_EQ(kill(hook, SIGKILL), 0);
  waitpid(hook, nullptr, 0);
  const Result<std::optional<ProxyRecord>> record = read_proxy_record(root.path());
  ASSERT_TRUE(record && record->has_value());
  EXPECT_TRUE(procfs::is_alive((*record)->pid, (*record)->start_time));
  EXPECT_TRUE(run_stop({.sandbox_directory = root.path()}));
  EXPECT_FALSE(procfs::is_alive((*record)->pid, (*record)->start_time));
}

TEST(LaunchProxy, StopLeavesAProcessWithAnotherStartTimeAlone) {
  const Result<procfs::Stat> self = procfs::stat(getpid());
  ASSERT_TRUE(self);
  stop_proxy({.pid = getpid(), .start_time = self->start_time + 1});
  SUCCEED();  // still here
}

TEST(ProxyCgroup, PlansOneUnifiedOrTwoOldHierarchies) {
  const std::vector<CgroupStep> unified = plan_proxy_cgroup("web", true);
  ASSERT_EQ(unified.size(), 1U);
  EXPECT_EQ(unified[0].directory, "/sys/fs/cgroup/nemoclaw-proxy/web");
  const std::vector<CgroupStep> old = plan_proxy_cgroup("web", false);
  ASSERT_EQ(old.size(), 2U);
  EXPECT_EQ(old[0].directory, "/sys/fs/cgroup/memory/nemoclaw-proxy/web");
  EXPECT_EQ(old[0].writes[0].second, "268435456");
  EXPECT_EQ(old[1].directory, "/sys/fs/cgroup/pids/nemoclaw-proxy/web");
  EXPECT_EQ(old[1].writes[0].first, "pids.max");
}

TEST(ProxyCgroup, KnowsWhenAProcessSitsInTheContainersCgroup) {
  struct Case {
    const char *own, *directory;
    bool among;
  };
  const Case cases[] = {
      {"4:memory:/docker/a\n0::/\n", "/sys/fs/cgroup/memory/docker/a", true},
      {"4:memory:/docker\n0::/\n", "/sys/fs/cgroup/memory/docker/a", false},
      {"8:pids:/web\n", "/sys/fs/cgroup/memory/web", false},
      {"3:cpu,cpuacct:/web\n", "/sys/fs/cgroup/cpu,cpuacct/web", true},
      {"1:name=systemd:/web\n", "/sys/fs/cgroup/systemd/web", true},
      {"0::/system.slice/x.scope\n", "/sys/fs/cgroup/system.slice/x.scope", true},
      {"0::/x\n", "/sys/fs/cgroup/unified/x", true},
      {"0::/\n", "/sys/fs/cgroup", false},
      {"", "/sys/fs/cgroup/x", false},
  };
  for (const Case& each : cases)
    EXPECT_EQ(!container_cgroup_among(each.own, {each.directory}).empty(), each.among)
        << each.own << each.directory;
}

TEST(Stop, IsIdempotentAndSparesForeignDirectories) {
  Directory root;
  EXPECT_TRUE(run_stop({.sandbox_directory = root.path() + "/gone"}));
  const std::string sandbox = root.path() + "/web", foreign = root.path() + "/home";
  ASSERT_TRUE(make_directories(sandbox, 0700));
  ASSERT_TRUE(make_directories(foreign, 0700));
  ASSERT_TRUE(write_file_atomic(sandbox + "/sandbox.json", "{}", 0600));
  ASSERT_TRUE(write_file_atomic(foreign + "/letter", "dear", 0600));
  EXPECT_TRUE(run_stop({.sandbox_directory = sandbox}));
  EXPECT_FALSE(file_exists(sandbox));
  EXPECT_FALSE(run_stop({.sandbox_directory = foreign}));
  EXPECT_TRUE(file_exists(foreign + "/letter"));
}

}  // namespace
}  // namespace nemoclaw::hooks
