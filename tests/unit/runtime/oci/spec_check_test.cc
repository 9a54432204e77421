#include "nemoclaw_source_tree.h"
#include "runtime/oci/spec_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "runtime/base/file.h"
#include "runtime/oci/spec_reader.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::oci {
namespace {

TEST(SpecCheck, RealConfigsAndOurOwnPass) {
  const Result<Strings> names = list_directory(TEST_DATA_DIR "/config");
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    SCOPED_TRACE(name);
    const Result<std::string> text = read_file(TEST_DATA_DIR "/config/" + name);
    ASSERT_TRUE(text);
    const Result<Spec> spec = parse_spec(*text, name);
    ASSERT_TRUE(spec) << spec.error().message;
    const Result<void> checked = check_spec(*spec);
    EXPECT_TRUE(checked) << checked.error().message;
  }
  EXPECT_TRUE(check_spec(default_spec(false, 0, 0)));
  EXPECT_TRUE(check_spec(default_spec(true, 1000, 1000)));
  Spec without_process = default_spec(false, 0, 0);
  without_process.process.reset();
  EXPECT_TRUE(check_spec(without_process));
}

struct Broken {
  const char* name;
  std::function<void(Spec&)> breaks;
  const char* message;
};

TEST(SpecCheck, EachRuleNamesItsField) {
  const auto drop = [](Spec& spec, std::string_view type) {
    std::erase_if(spec.linux_.namespaces, [&](const Namespace& each) { return each.type == type; });
  };
  const Broken table[] = {
      {"no version", [](Spec& s) { s.oci_version = ""; }, "ociVersion: is missing"},
      {"version 2", [](Spec& s) { s.oci_version = "2.0.0"; }, "ociVersion: '2.0.0' is not supported"},
      {"no root", [](Spec& s) { s.root.path = ""; }, "root.path"},
      {"no equals", [](Spec& s) { s.process->env.push_back("NAME"); }, "process.env[2]: invalid environment variable"},
      {"no name", [](Spec& s) { s.process->env.push_back("=x"); }, "process.env[2]: invalid environment variable"},
      {"no args", [](Spec& s) { s.process->args.clear(); }, "args must not be empty"},
      {"no cwd", [](Spec& s) { s.process->cwd = ""; }, "Cwd property must not be empty"},
      {"relative cwd", [](Spec& s) { s.process->cwd = "a"; }, "Cwd must be an absolute path"},
      {"windows", [](Spec& s) { s.process->command_line = "x"; }, "process.commandLine"},
      {"umask", [](Spec& s) { s.process->user.umask = 01000; }, "process.user.umask"},
      {"oom", [](Spec& s) { s.process->oom_score_adj = 1001; }, "process.oomScoreAdj"},
      {"rlimit", [](Spec& s) { s.process->rlimits[0].type = "RLIMIT_FOO"; }, "process.rlimits[0].type"},
      {"rlimit order", [](Spec& s) { s.process->rlimits[0].hard = 1; }, "process.rlimits[0]"},
      {"rlimit twice", [](Spec& s) { s.process->rlimits.push_back(s.process->rlimits[0]); }, "given twice"},
      {"scheduler", [](Spec& s) { s.process->scheduler = Scheduler{}; }, "process.scheduler.policy"},
      {"nice", [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .nice = 20}; }, "scheduler.nice"},
      {"priority", [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .priority = 1}; },
       "scheduler.priority"},
      {"io class", [](Spec& s) { s.process->io_priority = IoPriority{"X", 0}; }, "process.ioPriority.class"},
      {"io number", [](Spec& s) { s.process->io_priority = IoPriority{"IOPRIO_CLASS_BE", 8}; }, "ioPriority.priority"},
      {"mount", [](Spec& s) { s.mounts[2].destination = ""; }, "mounts[2].destination"},
      {"mount map", [](Spec& s) { s.mounts[1].uid_mappings = {IdMapping{0, 0, 1}}; }, "mounts[1]: both"},
      {"hook path", [](Spec& s) { s.hooks.poststop = {Hook{"x", {}, {}, {}}}; }, "hooks.poststop[0].path"},
      {"hook time", [](Spec& s) { s.hooks.prestart = {Hook{"/x", {}, {}, 0}}; }, "hooks.prestart[0].timeout"},
      {"namespace", [](Spec& s) { s.linux_.namespaces[0].type = "foo"; }, "linux.namespaces[0].type: unknown namespace 'foo'"},
      {"twice", [](Spec& s) { s.linux_.namespaces.push_back({"pid", ""}); }, "pid is given twice"},
      {"ns path", [](Spec& s) { s.linux_.namespaces[0].path = "x"; }, "linux.namespaces[0].path"},
      {"no uts", [&](Spec& s) { drop(s, "uts"); }, "hostname: unable to set hostname without a private UTS"},
      {"no mount", [&](Spec& s) { drop(s, "mount"); }, "without a private MNT namespace"},
      {"mapping", [](Spec& s) { s.linux_.uid_mappings = {IdMapping{0, 0, 1}}; }, "linux.uidMappings"},
      {"user", [](Spec& s) { s.linux_.namespaces.push_back({"user", ""}); }, "a new user namespace needs"},
      {"masked", [](Spec& s) { s.linux_.masked_paths = {"x"}; }, "linux.maskedPaths"},
      {"readonly", [](Spec& s) { s.linux_.readonly_paths = {"x"}; }, "linux.readonlyPaths"},
      {"sysctl", [](Spec& s) { s.linux_.sysctl = {{"kernel.panic", "1"}}; }, "not in a separate kernel namespace"},
      {"sysctl slash", [](Spec& s) { s.linux_.sysctl = {{"kernel/panic", "1"}}; }, "not in a separate kernel namespace"},
      {"sysctl up", [](Spec& s) { s.linux_.sysctl = {{"net/../kernel/panic", "1"}}; }, "is not a sysctl name"},
      {"sysctl net", [&](Spec& s) { drop(s, "network"); s.linux_.sysctl = {{"net.core.somaxconn", "1"}}; }, "private network"},
      {"sysctl host", [](Spec& s) { s.linux_.sysctl = {{"kernel.hostname", "x"}}; }, "conflicts with hostname"},
      {"device path", [](Spec& s) { s.linux_.devices = {Device{.path = "x", .type = "c"}}; }, "linux.devices[0].path"},
      {"device type", [](Spec& s) { s.linux_.devices = {Device{.path = "/x", .type = "x"}}; }, "linux.devices[0].type"},
      {"time", [](Spec& s) { s.linux_.time_offsets = {{"monotonic", {}}}; }, "linux.timeOffsets"},
      {"propagation", [](Spec& s) { s.linux_.rootfs_propagation = "x"; }, "linux.rootfsPropagation"},
      {"personality", [](Spec& s) { s.linux_.personality = Personality{"x", {}}; }, "linux.personality.domain"},
      {"netdev", [](Spec& s) { s.linux_.net_devices = {{"a/b", {}}}; }, "linux.netDevices"},
      {"seccomp", [](Spec& s) { s.linux_.seccomp = Seccomp{}; }, "linux.seccomp.defaultAction"},
      {"memory policy", [](Spec& s) { s.linux_.memory_policy = MemoryPolicy{"x", "", {}}; }, "linux.memoryPolicy.mode"},
      {"rdt", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.clos_id = "../x"}; }, "linux.intelRdt.closID"},
  };
  for (const Broken& each : table) {
    SCOPED_TRACE(each.name);
    Spec spec = default_spec(false, 0, 0);
    each.breaks(spec);
    const Result<void> checked = check_spec(spec);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().message.find(each.message), std::string::npos) << checked.error().message;
  }
}

TEST(SpecCheck, SysctlsOfTheContainersNamespacesPass) {
  Spec spec = default_spec(false, 0, 0);
  spec.linux_.sysctl = {{"net.ipv4.ip_unprivileged_port_start", "0"}, {"net/ipv4/conf/eth0.1/forwarding", "1"},
                        {"kernel.shmmax", "1"},  {"fs.mqueue.msg_max", "5"}, {"kernel.domainname", "x"}};
  const Result<void> checked = check_spec(spec);
  EXPECT_TRUE(checked) << checked.error().message;
}

}  // namespace
}  // namespace nemoclaw::oci
