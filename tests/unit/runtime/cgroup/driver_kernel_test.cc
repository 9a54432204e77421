// What the drivers do to a real kernel; skipped where the caller may not make cgroups.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "runtime/base/file.h"
#include "runtime/cgroup/device_filter.h"
#include "runtime/cgroup/driver.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::cgroup {
namespace {

// A child that runs `work` when told to, and then waits to be killed.
class Child {
 public:
  explicit Child(std::function<void()> work = [] {}) {
    int go[2], done[2];
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      char byte;
      close(go[1]);
      if (read(go[0], &byte, 1) != 1) _exit(1);
      work();
      (void)!write(done[1], "x", 1);
      for (;;) pause();
    }
    go_ = Fd(go[1]);
    done_ = Fd(done[0]);
    close(go[0]);
    close(done[1]);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void work() {
    char byte;
    EXPECT_EQ(write(go_.raw(), "x", 1), 1);
    EXPECT_EQ(read(done_.raw(), &byte, 1), 1);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  Fd go_, done_;
};

class Kernel : public testing::Test {
 protected:
  void SetUp() override {
    const Result<Layout> layout = detect_layout();
    if (geteuid() != 0 || !layout || layout->version != Version::V1)
      GTEST_SKIP() << "needs root and cgroup v1";
    name_ = format("/nemoclaw-test-%d/web", getpid());
    driver_ = std::move(open_driver(*layout, name_)).value();
    const Result<void> created = driver_->create();
    if (!created && created.error().errno_value == EACCES) GTEST_SKIP() << created.error().message;
    ASSERT_TRUE(created) << created.error().message;
  }
  void TearDown() override {
    if (!driver_) return;
    const Result<void> removed = driver_->remove();
    EXPECT_TRUE(removed) << removed.error().message;
    for (const std::string& each : driver_->directories()) {
      EXPECT_FALSE(file_exists(each)) << each;
      rmdir(each.substr(0, each.rfind('/')).c_str());
    }
  }
  std::string directory(const std::string& controller) const {
    for (const std::string& each : driver_->directories()) {
      if (each.find("/" + controller + "/") != std::string::npos) return each;
    }
    return "";
  }
  void apply(const char* resources, bool update = false) {
    const Result<oci::Resources> parsed = oci::parse_resources(resources, "r");
    ASSERT_TRUE(parsed) << parsed.error().message;
    const Result<void> applied = driver_->apply_limits(*parsed, update);
    ASSERT_TRUE(applied) << applied.error().message;
  }
  std::string get(const std::string& controller, const std::string& file) const {
    Result<std::string> text = read_file(directory(controller) + "/" + file);
    return text ? *text : text.error().message;
  }

  std::string name_;
  std::unique_ptr<Driver> driver_;
};

// Writing CPUs makes the kernel look at every cpuset that there is, so the second container beside this one has no need to.
TEST_F(Kernel, TheNextCpusetIsFilledByTheKernel) {
  const std::string next = "/sys/fs/cgroup/cpuset" + name_.substr(0, name_.rfind('/')) + "/next";
  if (mkdir(next.c_str(), 0755) != 0) GTEST_SKIP() << "no cpuset hierarchy there";
  const std::string cpus = read_file(next + "/cpuset.cpus", 4096).value_or("");
  const std::string nodes = read_file(next + "/cpuset.mems", 4096).value_or("");
  EXPECT_EQ(rmdir(next.c_str()), 0);
  EXPECT_EQ(cpus, read_file("/sys/fs/cgroup/cpuset/cpuset.cpus", 4096).value_or("none"));
  EXPECT_EQ(nodes, read_file("/sys/fs/cgroup/cpuset/cpuset.mems", 4096).value_or("none"));
}

TEST_F(Kernel, LimitsArriveAndMayBeRaisedAndLowered) {
  apply(
      R"({"memory":{"limit":67108864,"swap":134217728},"cpu":{"shares":512,"quota":20000,"period":50000,"cpus":"0"},"pids":{"limit":20}})");
  EXPECT_EQ(get("memory", "memory.limit_in_bytes"), "67108864\n");
  EXPECT_EQ(get("memory", "memory.memsw.limit_in_bytes"), "134217728\n");
  EXPECT_EQ(get("cpu", "cpu.shares"), "512\n");
  EXPECT_EQ(get("cpu", "cpu.cfs_quota_us"), "20000\n");
  EXPECT_EQ(get("cpuset", "cpuset.cpus"), "0\n");
  EXPECT_EQ(get("pids", "pids.max"), "20\n");
  // Up past the old sum, then down below the old limit: each needs the other order.
  apply(R"({"memory":{"limit":268435456,"swap":536870912}})", true);
  EXPECT_EQ(get("memory", "memory.limit_in_bytes"), "268435456\n");
  apply(R"({"memory":{"limit":33554432,"swap":33554432}})", true);
  EXPECT_EQ(get("memory", "memory.limit_in_bytes"), "33554432\n");
  EXPECT_EQ(get("memory", "memory.memsw.limit_in_bytes"), "33554432\n");
  const Result<Stats> stats = driver_->stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->memory.limit, 33554432U);
}

TEST_F(Kernel, ProcessesJoinFreezeAndDie) {
  Child moved;
  ASSERT_TRUE(driver_->add_process(moved.pid()));
  const Result<std::vector<Fd>> files = driver_->join_files();
  ASSERT_TRUE(files);
  std::vector<FdRef> refs(files->begin(), files->end());
  Child joins([&] {
    if (join_self(refs.data(), refs.size()) != 0) _exit(2);
  });
  joins.work();
  const Result<std::vector<pid_t>> found = driver_->processes(true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 2U);
  const Result<std::string> cgroups = read_file(format("/proc/%d/cgroup", joins.pid()));
  ASSERT_TRUE(cgroups);
  size_t lines = 0;
  for (size_t at = cgroups->find(name_); at != std::string::npos; at = cgroups->find(name_, at + 1)) ++lines;
  EXPECT_EQ(lines, driver_->directories().size());
  EXPECT_GE(driver_->stats()->pids_current, 2U);

  const Result<std::unique_ptr<Driver>> again = reopen_driver("v1", driver_->directories());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE((*again)->create());  // in use
  ASSERT_TRUE((*again)->freeze(true));
  EXPECT_TRUE(*(*again)->is_frozen());
  ASSERT_TRUE((*again)->kill_all(SIGKILL));
  int status = 0;
  EXPECT_EQ(waitpid(moved.pid(), &status, 0), moved.pid());
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(waitpid(joins.pid(), &status, 0), joins.pid());
  EXPECT_FALSE(*(*again)->is_frozen());
}

TEST_F(Kernel, AnEmptyCgroupIsKilledAndRemovedEvenWhenFrozen) {
  ASSERT_TRUE(driver_->freeze(true));
  ASSERT_TRUE(driver_->kill_all(SIGKILL));
  const Result<void> removed = driver_->remove();
  EXPECT_TRUE(removed) << removed.error().message;
  for (const std::string& each : driver_->directories()) EXPECT_FALSE(file_exists(each)) << each;
}

TEST_F(Kernel, SubcgroupsOfTheContainerGoToo) {
  for (const std::string& each : driver_->directories()) {
    ASSERT_EQ(mkdir((each + "/inner").c_str(), 0755), 0);
    ASSERT_EQ(mkdir((each + "/inner/most").c_str(), 0755), 0);
  }
}  // TearDown removes and looks

bool can_open(const char* path, int flags) {
  const int raw = open(path, flags | O_CLOEXEC);
  if (raw >= 0) close(raw);
  return raw >= 0;
}

TEST_F(Kernel, DevicesBeyondTheDefaultsAreClosed) {
  char folder[] = "/dev/nemoclaw-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string kmsg = std::string(folder) + "/kmsg", null = std::string(folder) + "/null";
  ASSERT_EQ(mknod(kmsg.c_str(), S_IFCHR | 0600, makedev(1, 11)), 0);
  ASSERT_EQ(mknod(null.c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);
  apply(R"({"devices":[{"allow":false,"access":"rwm"}]})");
  const Result<std::vector<Fd>> files = driver_->join_files();
  ASSERT_TRUE(files);
  const std::vector<FdRef> refs(files->begin(), files->end());
  const pid_t pid = fork();
  if (pid == 0) {
    if (join_self(refs.data(), refs.size()) != 0) _exit(9);
    _exit((can_open(null.c_str(), O_RDWR) ? 1 : 0) | (can_open(kmsg.c_str(), O_RDONLY) ? 2 : 0));
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  apply(
      R"({"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]})",
      true);
  EXPECT_NE(get("devices", "devices.list").find("c 1:11 r"), std::string::npos);
  apply("{}", true);  // says nothing about devices
  EXPECT_NE(get("devices", "devices.list").find("c 1:11 r"), std::string::npos);
  EXPECT_TRUE(remove_tree(folder));
}

// The v2 filter needs only a cgroup2 mount, which hybrid hosts have too.
TEST(KernelDeviceFilter, LoadsReplacesAndDecides) {
  const Result<std::string> mounts = read_file("/proc/self/mountinfo");
  ASSERT_TRUE(mounts);
  std::string mount;
  for (const char* candidate : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (mount.empty() && mounts->find(std::string(" ") + candidate + " ") != std::string::npos &&
        file_exists(std::string(candidate) + "/cgroup.controllers"))
      mount = candidate;
  }
  if (geteuid() != 0 || mount.empty()) GTEST_SKIP() << "needs root and a cgroup2 mount";
  const std::string directory = format("%s/nemoclaw-test-%d", mount.c_str(), getpid());
  ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
  const Result<Fd> folder = open_file(directory, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(folder);
  const auto opens = [&] {  // bit 0: /dev/null, bit 1: /dev/zero
    const pid_t pid = fork();
    if (pid == 0) {
      if (!write_file(directory + "/cgroup.procs", "0")) _exit(9);
      _exit((can_open("/dev/null", O_RDWR) ? 1 : 0) | (can_open("/dev/zero", O_RDONLY) ? 2 : 0));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
  };
  DeviceTable table{false, {{'c', 1, 3, access_all}}};
  const Result<void> attached = attach_device_program(*folder, build_device_program(table));
  if (!attached && attached.error().errno_value == EPERM) {
    rmdir(directory.c_str());
    GTEST_SKIP() << attached.error().message;
  }
  EXPECT_TRUE(attached) << attached.error().message;
  EXPECT_EQ(opens(), 1);
  table.exceptions = {{'c', 1, 5, access_read}};
  EXPECT_TRUE(attach_device_program(*folder, build_device_program(table)));
  EXPECT_EQ(opens(), 2);
  EXPECT_TRUE(attach_device_program(*folder, build_device_program({true, {}})));
  EXPECT_EQ(opens(), 3);
  EXPECT_EQ(rmdir(directory.c_str()), 0);
}

}  // namespace
}  // namespace nemoclaw::cgroup
