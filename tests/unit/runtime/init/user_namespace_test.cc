#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

class UserNamespace : public ContainerFixture {
 protected:
  void SetUp() override {
    ContainerFixture::SetUp();
    if (IsSkipped()) return;
    spec().linux_.namespaces.push_back({"user", ""});
    spec().linux_.uid_mappings = spec().linux_.gid_mappings = {{0, 100000, 65536}};
  }
};

TEST_F(UserNamespace, MapsRootAndKeepsDevices) {
  const Result<int> status =
      run("id -u; cat /proc/self/uid_map; echo x > /dev/null && echo null; stat -c %u /dev/shm; touch "
          "/dev/shm/f && stat -c %u /dev/shm/f");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "0\n         0     100000      65536\nnull\n0\n0\n");
}

TEST_F(UserNamespace, BindsWhatOnlyTheHostMayReach) {
  // The way to the source is closed to the container's root; the runtime opens it.
  ASSERT_TRUE(make_directories(folder_ + "/private/data", 0755));
  ASSERT_TRUE(write_file_atomic(folder_ + "/private/data/file", "content\n", 0644));
  ASSERT_EQ(chown((folder_ + "/private").c_str(), 1234, 1234), 0);
  ASSERT_EQ(chmod((folder_ + "/private").c_str(), 0700), 0);
  spec().mounts.push_back({"/run/data", "bind", folder_ + "/private/data", {"rbind", "ro", "nosuid"}});
  const Result<int> status = run("cat /run/data/file; (echo x > /run/data/file) 2>&1");
  // The mount point is missing and the rootfs belongs to the host's root: say so, do not guess.
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "mount '/run/data': make '/run/data' in the rootfs: permission denied");
  ASSERT_TRUE(make_directories(rootfs() + "/run/data", 0755));
  const Result<int> second = run("cat /run/data/file; (echo x > /run/data/file) 2>&1");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(output_, "content\n/bin/sh: can't create /run/data/file: Read-only file system\n");
}

TEST_F(UserNamespace, RunsAsAMappedUser) {
  process().user.uid = process().user.gid = 1000;
  process().user.additional_gids = {10};
  const Result<int> status = run("id -u; id -G; umask");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "1000\n1000 10\n0022\n");
}

TEST_F(ContainerFixture, JoinsTheNamespacesOfAnother) {
  process().args = {"sleep", "1000"};
  Result<Launched> other = create();
  ASSERT_TRUE(other) << other.error().message;
  const std::string at = "/proc/" + std::to_string(other->pid) + "/ns/";
  for (oci::Namespace& each : spec().linux_.namespaces) {
    if (each.type == "network") each.path = at + "net";
    if (each.type == "ipc") each.path = at + "ipc";
    if (each.type == "pid") each.path = at + "pid";
  }
  const auto id = [&](const char* name) {
    char text[64] = {};
    EXPECT_GT(readlink((at + name).c_str(), text, sizeof text - 1), 0);
    return std::string(text);
  };
  const std::string wanted = id("net") + "\n" + id("ipc") + "\n" + id("pid") + "\n";
  const Result<int> status =
      run("readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; readlink /proc/self/ns/pid; [ $$ != 1 ] "
          "&& echo second");
  kill(other->pid, SIGKILL);
  static_cast<void>(sys::wait_process(other->pid));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, wanted + "second\n");
}

TEST_F(ContainerFixture, MountsItsOwnCgroup) {
  spec().mounts.push_back(
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}});
  for (const bool own : {true, false}) {
    std::erase_if(spec().linux_.namespaces, [](const oci::Namespace& each) { return each.type == "cgroup"; });
    if (own) spec().linux_.namespaces.push_back({"cgroup", ""});
    const Result<int> status =
        run("ls /sys/fs/cgroup | wc -l; (mkdir /sys/fs/cgroup/x) 2>&1; cat /sys/fs/cgroup/*/cgroup.procs "
            "/sys/fs/cgroup/cgroup.procs 2>/dev/null | grep -c ^1$");
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_NE(output_.find("Read-only file system"), std::string::npos) << output_;
    EXPECT_FALSE(output_.starts_with("0\n")) << output_;
    EXPECT_FALSE(output_.ends_with("\n0\n")) << output_;
  }
}

TEST_F(ContainerFixture, CopiesUpAndIdMaps) {
  ASSERT_TRUE(make_directories(folder_ + "/data", 0755));
  ASSERT_TRUE(write_file_atomic(folder_ + "/data/file", "x", 0644));
  ASSERT_EQ(chown((folder_ + "/data/file").c_str(), 5000, 5000), 0);
  oci::Mount mapped = {"/data", "bind", folder_ + "/data", {"rbind", "idmap"}};
  mapped.uid_mappings = mapped.gid_mappings = {{5000, 0, 1}};
  spec().mounts.push_back({"/etc", "tmpfs", "tmpfs", {"tmpcopyup", "nosuid"}});
  const Result<int> status = run("cat /etc/passwd | wc -l; touch /etc/new && stat -c %a /etc");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "2\n755\n");
  spec().mounts.push_back(mapped);
  const Result<int> second = run("stat -c %u /data/file");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(output_, "0\n");
}

TEST_F(ContainerFixture, HasAClockOfItsOwn) {
  if (!file_exists("/proc/self/ns/time")) GTEST_SKIP() << "this kernel has no time namespaces";
  spec().linux_.namespaces.push_back({"time", ""});
  spec().linux_.time_offsets = {{"boottime", {1000000000, 0}}};
  const Result<int> status = run("cat /proc/uptime");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_GT(strtod(output_.c_str(), nullptr), 1e9) << output_;
}

TEST_F(ContainerFixture, WorksWithoutPivot) {
  no_pivot_ = true;
  const Result<int> status = run("ls /; ls /proc/1/root/..");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "bin\ndev\netc\nproc\nrun\nsys\ntmp\nbin\ndev\netc\nproc\nrun\nsys\ntmp\n");
}

TEST_F(ContainerFixture, SharesAVolumeOnRequestOnly) {
  // A mount made inside a volume: seen on the host with rshared, not without.
  const std::string volume = folder_ + "/volume";
  ASSERT_TRUE(make_directories(volume + "/inner", 0755));
  ASSERT_EQ(mount("tmpfs", volume.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(mount(nullptr, volume.c_str(), nullptr, MS_SHARED, nullptr), 0);
  ASSERT_TRUE(make_directories(volume + "/inner", 0755));
  process().capabilities->bounding.push_back("CAP_SYS_ADMIN");
  process().capabilities->permitted.push_back("CAP_SYS_ADMIN");
  process().capabilities->effective.push_back("CAP_SYS_ADMIN");
  for (const bool shared : {false, true}) {
    spec().linux_.rootfs_propagation = shared ? "shared" : "";
    spec().mounts.push_back({"/volume", "bind", volume, {"rbind", shared ? "rshared" : "rprivate"}});
    const Result<int> status = run("mount -t tmpfs tmpfs /volume/inner && touch /volume/inner/made");
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_EQ(output_, "");
    EXPECT_EQ(file_exists(volume + "/inner/made"), shared) << "shared: " << shared;
    spec().mounts.pop_back();
  }
  umount2((volume + "/inner").c_str(), MNT_DETACH);
  EXPECT_EQ(umount2(volume.c_str(), MNT_DETACH), 0);
}

TEST_F(ContainerFixture, PassesDescriptorsOnRequest) {
  const Fd given(open((folder_ + "/given").c_str(), O_RDWR | O_CREAT, 0600));
  ASSERT_TRUE(given.valid());
  preserve_fds_ = given.raw() - 2;
  const Result<int> status = run("echo passed >&" + std::to_string(given.raw()));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*read_file(folder_ + "/given"), "passed\n");
}

TEST_F(ContainerFixture, SetsSysctlsAndLimits) {
  spec().linux_.sysctl = {{"net.ipv4.ip_forward", "1"}, {"kernel.shmmni", "77"}};
  process().rlimits = {{"RLIMIT_NOFILE", 64, 64}, {"RLIMIT_CORE", 0, 0}};
  process().oom_score_adj = 500;
  process().user.umask = 077;
  const Result<int> status =
      run("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni; ulimit -n; ulimit -c; cat "
          "/proc/self/oom_score_adj; umask");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "1\n77\n64\n0\n500\n0077\n");
}

}  // namespace
}  // namespace nemoclaw::init
