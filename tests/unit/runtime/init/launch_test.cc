#include "runtime/init/launch.h"

#include "tests/unit/runtime/init/container_fixture.h"

namespace nemoclaw::init {
namespace {

using Launch = ContainerFixture;

TEST_F(Launch, RunsTrue) {
  process().args = {"true"};
  const Result<int> status = run_args();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 0) << output_;
}

TEST_F(Launch, IsAloneInItsNamespaces) {
  const Result<int> status =
      run("echo pid=$$; ls /proc | grep -c '^[0-9]*$'; hostname; ls -l /proc/self/fd | wc -l");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(output_.find("pid=1\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find(spec().hostname + "\n"), std::string::npos) << output_;
}

TEST_F(Launch, MountsMasksAndReadOnlyPaths) {
  spec().linux_.masked_paths = {"/etc/passwd", "/run", "/proc/nothing/here", "/sys/kernel"};
  const Result<int> status =
      run("mount | grep -E ' on /(proc|sys|dev|dev/pts|dev/shm|dev/mqueue) ' | wc -l;"
          "cat /etc/passwd | wc -c; ls /run /sys/kernel | grep -vc :;"
          "(echo 1 > /proc/sys/kernel/printk) 2>&1; stat -c %t:%T /dev/null; readlink /dev/ptmx; readlink "
          "/dev/fd;"
          "(echo x > /etc/new) && echo written");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(output_.starts_with("6\n0\n1\n")) << output_;
  EXPECT_NE(output_.find("Read-only file system"), std::string::npos) << output_;
  EXPECT_NE(output_.find("1:3\npts/ptmx\n/proc/self/fd\nwritten\n"), std::string::npos) << output_;
}

TEST_F(Launch, ReadOnlyRootStillHasItsMountPointsMade) {
  spec().root.readonly = true;
  effective_.supplied_files.push_back({"/etc/nemoclaw/ca.pem", "certificate\n", 0444});
  effective_.supplied_directories.push_back("/home/agent");
  process().user.uid = process().user.gid = 1000;
  process().cwd = "/made/by/runtime";
  const Result<int> status =
      run("cat /etc/nemoclaw/ca.pem; (echo x > /etc/nemoclaw/ca.pem) 2>&1; (echo x > /new) 2>&1;"
          "echo y > /home/agent/file && stat -c %U:%a /home/agent; pwd; echo $HOME; id -u");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(output_.starts_with("certificate\n")) << output_;
  EXPECT_NE(output_.find("/new: Read-only file system"), std::string::npos) << output_;
  EXPECT_NE(output_.find("agent:700\n/made/by/runtime\n/home/agent\n1000\n"), std::string::npos) << output_;
}

TEST_F(Launch, DropsCapabilitiesAndPrivileges) {
  process().capabilities =
      oci::Capabilities{{"CAP_KILL"}, {"CAP_KILL"}, {}, {"CAP_KILL", "CAP_NOT_THERE"}, {}};
  process().no_new_privileges = true;
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.architectures = {"SCMP_ARCH_X86_64"};
  profile.syscalls.push_back({{"mkdir", "mkdirat"}, "SCMP_ACT_ERRNO", 1, {}});
  spec().linux_.seccomp = profile;
  const Result<int> status = run("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; mkdir /tmp/d 2>&1");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(output_.find("CapPrm:\t0000000000000020\nCapEff:\t0000000000000020\nCapBnd:\t0000000000000020"),
            std::string::npos)
      << output_;
  EXPECT_NE(output_.find("NoNewPrivs:\t1\nSeccomp:\t2"), std::string::npos) << output_;
  EXPECT_NE(output_.find("Operation not permitted"), std::string::npos) << output_;
}

TEST_F(Launch, LoadsFiltersForAnOrdinaryUserWithoutNoNewPrivileges) {
  process().no_new_privileges = false;
  process().user.uid = process().user.gid = 1000;
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.architectures = {"SCMP_ARCH_X86_64"};
  profile.syscalls.push_back({{"sethostname"}, "SCMP_ACT_ERRNO", 1, {}});
  spec().linux_.seccomp = profile;
  const Result<int> status = run("grep -E '^(CapEff|NoNewPrivs|Seccomp:)' /proc/self/status");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "CapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n");
}

TEST_F(Launch, ConfinesWithLandlock) {
  effective_.landlock.enabled = true;
  effective_.landlock.restrict_execute = true;
  effective_.landlock.rules = {{"/bin", oci::PathAccess::ReadExecute},
                               {"/tmp", oci::PathAccess::ReadWrite},
                               {"/proc", oci::PathAccess::Read}};
  process().no_new_privileges = true;
  const Result<int> status =
      run("cat /etc/passwd 2>&1; echo x > /tmp/file && cat /tmp/file; (echo x > /bin/new) 2>&1");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(output_.find("'/etc/passwd': Permission denied"), std::string::npos) << output_;
  EXPECT_NE(output_.find("\nx\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("/bin/new: Permission denied"), std::string::npos) << output_;
}

TEST_F(Launch, LeaksNoDescriptor) {
  const Fd leaked(fcntl(STDIN_FILENO, F_DUPFD, 50));  // without CLOEXEC, as a careless manager would
  const Result<int> status = run("ls /proc/self/fd");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "0\n1\n2\n3\n");  // 3 is ls reading the directory
}

struct FailureCase {
  const char* name;
  void (*change)(oci::Spec&, const std::string& folder);
  const char* message;
};

class LaunchFailure : public ContainerFixture, public ::testing::WithParamInterface<FailureCase> {};

TEST_P(LaunchFailure, NamesTheStepAndTheCause) {
  process().args = {"true"};
  GetParam().change(spec(), folder_);
  const Result<Launched> launched = create();
  ASSERT_FALSE(launched);
  const std::string wanted = GetParam().message
                                 ? GetParam().message
                                 : "error running createContainer hook #0: '" + rootfs() + "/bin/sh': exit status 3: 'no luck'";
  EXPECT_EQ(launched.error().message, wanted);
  EXPECT_EQ(launched.error().exit_code, 1);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was left behind";
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LaunchFailure,
    ::testing::Values(
        FailureCase{"Option",
                    [](oci::Spec& spec, const std::string&) {
                      spec.mounts.push_back({"/mnt", "tmpfs", "tmpfs", {"size=lots"}});
                    },
                    "mount '/mnt': option 'size=lots': invalid argument (tmpfs: Bad value for 'size')"},
        FailureCase{"Source",
                    [](oci::Spec& spec, const std::string&) {
                      spec.mounts.push_back({"/mnt", "bind", "/nonexistent/x", {"rbind"}});
                    },
                    "mount '/mnt': source '/nonexistent/x': open_tree: no such file or directory"},
        FailureCase{"Program", [](oci::Spec& spec, const std::string&) { spec.process->args = {"nothing"}; },
                    "exec: \"nothing\": executable file not found in $PATH"},
        FailureCase{"ProgramPath",
                    [](oci::Spec& spec, const std::string&) { spec.process->args = {"/no/such"}; },
                    "exec: \"/no/such\": stat /no/such: no such file or directory"},
        FailureCase{"ProgramMode",
                    [](oci::Spec& spec, const std::string&) { spec.process->args = {"/etc/passwd"}; },
                    "exec: \"/etc/passwd\": permission denied"},
        FailureCase{"OwnBinary",
                    [](oci::Spec& spec, const std::string&) { spec.process->args = {"/proc/self/exe"}; },
                    "exec: \"/proc/self/exe\": permission denied (this is the runtime's own binary)"},
        FailureCase{"ProcLink",
                    [](oci::Spec&, const std::string& folder) {
                      rmdir((folder + "/rootfs/proc").c_str());
                      ASSERT_EQ(symlink("/tmp", (folder + "/rootfs/proc").c_str()), 0);
                    },
                    "mount '/proc': proc must be mounted on ordinary directory"},
        FailureCase{"Sysctl",
                    [](oci::Spec& spec, const std::string&) {
                      spec.linux_.sysctl = {{"vm.swappiness", "1"}};
                    },
                    "linux.sysctl['vm.swappiness']: is not in a separate kernel namespace"},
        FailureCase{"Hook",
                    [](oci::Spec& spec, const std::string& folder) {
                      spec.hooks.create_container = {
                          {folder + "/rootfs/bin/sh", {"sh", "-c", "echo no luck >&2; exit 3"}, {}, 10}};
                    },
                    nullptr}),
    [](const auto& each) { return each.param.name; });

TEST_F(Launch, KeepsMountPointsInsideTheRoot) {
  // Links of the image that point outside must end inside: nothing may appear on the host.
  ASSERT_TRUE(make_directories(folder_ + "/outside", 0755));
  ASSERT_EQ(symlink((folder_ + "/outside").c_str(), (rootfs() + "/link").c_str()), 0);
  ASSERT_EQ(symlink("../../../../../../etc", (rootfs() + "/up").c_str()), 0);
  spec().mounts.push_back({"/link/made", "tmpfs", "tmpfs", {}});
  spec().mounts.push_back({"/up/passwd", "bind", "/dev/null", {"bind"}});
  const Result<int> status = run("mount | grep -c made; cat /etc/passwd | wc -c");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(output_, "1\n0\n");
  EXPECT_TRUE(list_directory(folder_ + "/outside")->empty());
}

TEST_F(Launch, RunsHooksInOrder) {
  const std::string log = folder_ + "/hooks";
  const auto hook = [&](const std::string& name) {
    return oci::Hook{
        "/bin/sh", {"sh", "-c", "read state; echo " + name + " $STAGE >> " + log}, {"STAGE=" + name}, 10};
  };
  spec().hooks.create_container = {hook("createContainer")};
  spec().hooks.start_container = {{"/bin/sh", {"sh", "-c", "cat > /tmp/state"}, {"PATH=/bin"}, 10}};
  events_.on_cloned = [&](pid_t) { return write_file_atomic(log, "", 0666); };
  events_.on_namespaces_ready = [&](pid_t) {
    return run_hooks({hook("createRuntime")}, "createRuntime", "{}\n");
  };
  const Result<int> status = run("cat /tmp/state");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*read_file(log), "createRuntime createRuntime\ncreateContainer createContainer\n");
  EXPECT_NE(output_.find("\"id\":\"unit\""), std::string::npos) << output_;
  EXPECT_NE(output_.find("\"pid\":1"), std::string::npos) << output_;
}

TEST_F(Launch, StopsWhenTheCallerRefuses) {
  events_.on_cloned = [](pid_t) { return Result<void>(make_error("cgroup is frozen")); };
  const Result<int> status = run("true");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "cgroup is frozen");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(Launch, ReportsWhatFailsAtStart) {
  ASSERT_TRUE(write_file_atomic(rootfs() + "/bin/broken", "#!/no/interpreter\n", 0755));
  process().args = {"/bin/broken"};
  const Result<int> status = run_args();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "exec /bin/broken: no such file or directory");
}

}  // namespace
}  // namespace nemoclaw::init
