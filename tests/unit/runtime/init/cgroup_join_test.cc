// On cgroup v1 the new process moves itself: where it is when somebody can look, and what a refusal leaves behind.
#include <signal.h>

#include "runtime/base/procfs.h"
#include "runtime/cgroup/driver.h"
#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

class CgroupJoin : public ContainerFixture {
 protected:
  void SetUp() override {
    ContainerFixture::SetUp();
    if (IsSkipped()) return;
    const Result<cgroup::Layout> layout = cgroup::detect_layout();
    if (!layout || layout->version != cgroup::Version::V1) GTEST_SKIP() << "needs cgroup v1";
    // Line 0 is cgroup2, which is there without being mounted.
    if (layout->hybrid) hierarchies_ = "cat";
    driver_ = std::move(cgroup::open_driver(*layout, format("/nemoclaw-join-%d/web", getpid()))).value();
    const Result<void> created = driver_->create();
    if (!created) {
      driver_.reset();
      GTEST_SKIP() << created.error().message;
    }
    files_ = std::move(driver_->join_files()).value();
    cgroup_joins_.assign(files_.begin(), files_.end());
  }

  void TearDown() override {
    if (init_pid_ > 0) {
      kill(init_pid_, SIGKILL);
      static_cast<void>(sys::wait_process(init_pid_));
    }
    if (driver_) {
      const Result<void> removed = driver_->remove();
      EXPECT_TRUE(removed) << removed.error().message;
      for (const std::string& each : driver_->directories()) rmdir(each.substr(0, each.rfind('/')).c_str());
    }
    ContainerFixture::TearDown();
  }

  // In how many of the hierarchies the process is in the container's cgroup.
  size_t hierarchies_of(pid_t pid) const {
    size_t count = 0;
    for (const std::string& each : driver_->directories()) {
      const Result<std::string> listed = read_file(each + "/cgroup.procs");
      if (listed && ("\n" + *listed).find("\n" + std::to_string(pid) + "\n") != std::string::npos) ++count;
    }
    return count;
  }

  void begin() {
    process().args = {"sleep", "1000"};
    Result<Launched> launched = create();
    ASSERT_TRUE(launched) << launched.error().message;
    init_pid_ = launched->pid;
    const Result<void> started = start();
    ASSERT_TRUE(started) << started.error().message;
  }

  Result<Launched> exec(const oci::Process& added) {
    ExecRequest request;
    request.effective = &effective_;
    request.process = &added;
    request.init_pid = init_pid_;
    request.init_start_time = TRY(procfs::stat(init_pid_)).start_time;
    request.state_directory = folder_ + "/state";
    request.cgroup_joins = cgroup_joins_;
    return launch_exec(request, events_);
  }

  std::unique_ptr<cgroup::Driver> driver_;
  std::vector<Fd> files_;
  std::string hierarchies_ = "grep -v ^0:";
  pid_t init_pid_ = 0;
};

TEST_F(CgroupJoin, IsDoneBeforeHooksRunAndInEveryHierarchy) {
  size_t found = 0;
  events_.on_namespaces_ready = [&](pid_t pid) -> Result<void> {
    found = hierarchies_of(pid);
    return {};
  };
  begin();
  EXPECT_EQ(found, files_.size());
  EXPECT_EQ(hierarchies_of(init_pid_), files_.size());
}

TEST_F(CgroupJoin, HoldsForAProcessOfAUserNamespaceAndIsTheRootOfItsCgroupNamespace) {
  spec().linux_.namespaces.push_back({"user", ""});
  if (!spec().linux_.find_namespace("cgroup")) spec().linux_.namespaces.push_back({"cgroup", ""});
  spec().linux_.uid_mappings = spec().linux_.gid_mappings = {{0, 100000, 65536}};
  events_.on_namespaces_ready = [&](pid_t pid) -> Result<void> {
    EXPECT_EQ(hierarchies_of(pid), files_.size());
    return {};
  };
  const Result<int> status = run(hierarchies_ + " /proc/self/cgroup | grep -c ':/$'");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, format("%zu\n", files_.size()));
}

// The container's own order on v1: the cgroup is made while the child mounts.
TEST_F(CgroupJoin, DoneLateIsDoneBeforeHooksAndBeforeTheCgroupNamespace) {
  cgroup_joins_.clear();
  spec().linux_.namespaces.push_back({"user", ""});
  if (!spec().linux_.find_namespace("cgroup")) spec().linux_.namespaces.push_back({"cgroup", ""});
  spec().linux_.uid_mappings = spec().linux_.gid_mappings = {{0, 100000, 65536}};
  events_.make_cgroup = [&](pid_t pid) -> Result<std::vector<Fd>> {
    EXPECT_EQ(hierarchies_of(pid), 0u);
    return driver_->join_files();
  };
  events_.on_namespaces_ready = [&](pid_t pid) -> Result<void> {
    EXPECT_EQ(hierarchies_of(pid), files_.size());
    return {};
  };
  const Result<int> status = run(hierarchies_ + " /proc/self/cgroup | grep -c ':/$'; ls /proc/self/fd | wc -l");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, format("%zu\n4\n", files_.size()));
}

TEST_F(CgroupJoin, ThatCannotBeMadeStopsTheLaunch) {
  cgroup_joins_.clear();
  pid_t seen = 0;
  events_.make_cgroup = [&](pid_t pid) -> Result<std::vector<Fd>> {
    seen = pid;
    return make_error("the cgroup is not empty");
  };
  process().args = {"true"};
  const Result<Launched> launched = create();
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().message, "the cgroup is not empty");
  ASSERT_GT(seen, 0);
  EXPECT_EQ(kill(seen, 0), -1);
}

TEST_F(CgroupJoin, HoldsForExecEvenWhereThePidsLimitIsReached) {
  begin();
  oci::Resources resources;
  resources.pids_limit = 1;
  ASSERT_TRUE(driver_->apply_limits(resources, true));
  oci::Process added = process();
  added.args = {"sleep", "1000"};
  Result<Launched> launched = exec(added);
  ASSERT_TRUE(launched) << launched.error().message;
  EXPECT_EQ(hierarchies_of(launched->pid), files_.size());
  kill(launched->pid, SIGKILL);
  static_cast<void>(sys::wait_process(launched->pid));
}

TEST_F(CgroupJoin, RefusedByTheKernelStopsTheLaunchAndLeavesNoProcess) {
  Fd unwritable = std::move(open_file(driver_->directories()[0] + "/tasks", O_RDONLY)).value();
  cgroup_joins_.push_back(unwritable);
  pid_t seen = 0;
  events_.on_cloned = [&](pid_t pid) -> Result<void> {
    seen = pid;
    return {};
  };
  process().args = {"true"};
  const Result<Launched> launched = create();
  ASSERT_FALSE(launched);
  EXPECT_NE(launched.error().message.find("join the container's cgroup"), std::string::npos)
      << launched.error().message;
  EXPECT_EQ(launched.error().errno_value, EBADF);
  ASSERT_GT(seen, 0);
  EXPECT_EQ(kill(seen, 0), -1);
  EXPECT_TRUE(driver_->processes(true).value().empty());
}

}  // namespace
}  // namespace nemoclaw::init
