#include "policy/compile/compile.h"

#include <gtest/gtest.h>

#include "policy/compile/environment.h"
#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

class Compile : public testing::Test {
 protected:
  Compiled run() {
    auto compiled = compile(policy_, spec_, facts_);
    EXPECT_TRUE(compiled) << error_of(compiled);
    return compiled ? *compiled : Compiled{};
  }
  void expect_error(std::initializer_list<const char*> parts) {
    auto compiled = compile(policy_, spec_, facts_);
    ASSERT_FALSE(compiled);
    for (const char* part : parts)
      EXPECT_NE(compiled.error().message.find(part), std::string::npos) << compiled.error().message;
  }

  Policy policy_{.name = "test"};
  oci::Spec spec_ = docker_like_spec();
  Facts facts_ = debian_like_facts();
};

TEST_F(Compile, RootBecomesTheSuppliedSandboxUser) {
  Compiled compiled = run();
  const oci::EffectiveSpec& effective = compiled.effective;
  const oci::Process& process = *effective.spec.process;
  EXPECT_EQ(process.user.uid, 10001u);
  EXPECT_EQ(process.user.gid, 10001u);
  EXPECT_EQ(variable_value(*find_variable(process.env, "HOME")), "/sandbox");
  EXPECT_EQ(effective.supplied_directories, oci::Strings{"/sandbox"});
  ASSERT_EQ(effective.supplied_files.size(), 2u);
  EXPECT_EQ(effective.supplied_files[0].destination, "/etc/passwd");
  EXPECT_EQ(effective.supplied_files[0].content,
            facts_.passwd + "sandbox:x:10001:10001:NemoClaw sandbox:/sandbox:/bin/sh\n");
  EXPECT_EQ(effective.supplied_files[1].content, facts_.group + "sandbox:x:10001:\n");
}

// A restart reads these files again: what a sandboxed process wrote there would choose the proxy's name
// servers.
TEST_F(Compile, ResolverFilesAreReadOnly) {
  spec_.mounts.push_back(
      {"/etc/resolv.conf", "bind", "/host/resolv.conf", {"rbind", "rw", "rprivate"}, {}, {}});
  spec_.mounts.push_back({"/etc//hosts", "bind", "/host/hosts", {"rbind"}, {}, {}});
  const std::vector<oci::Mount> mounts = run().effective.spec.mounts;
  int found = 0;
  for (const oci::Mount& mount : mounts) {
    if (mount.source == "/host/resolv.conf") {
      EXPECT_EQ(mount.options, (oci::Strings{"rbind", "rprivate", "ro"}));
      ++found;
    }
    if (mount.source == "/host/hosts") {
      EXPECT_EQ(mount.options, (oci::Strings{"rbind", "ro"}));
      ++found;
    }
  }
  EXPECT_EQ(found, 2);
}

TEST_F(Compile, UsersThatAreChosen) {
  struct {
    const char* user;
    const char* group;
    uint32_t spec_uid, spec_gid, uid, gid;
  } cases[] = {
      {"", "", 1000, 0, 1000, 0},      // the manager's own, not root: as it is
      {"node", "", 0, 0, 1000, 1000},  // from the image
      {"node", "staff", 0, 0, 1000, 50},   {"1000", "", 0, 0, 1000, 1000},  // a number that the image knows
      {"4242", "", 0, 0, 4242, 4242},                                       // and one that it does not
      {"4242", "", 4242, 77, 4242, 77},    {"sandbox", "sandbox", 1000, 1000, 10001, 10001},
      {"", "staff", 1000, 1000, 1000, 50},
  };
  for (const auto& each : cases) {
    policy_.process.run_as_user = each.user;
    policy_.process.run_as_group = each.group;
    spec_.process->user.uid = each.spec_uid;
    spec_.process->user.gid = each.spec_gid;
    spec_.process->user.additional_gids = {0, 4};
    Compiled compiled = run();
    const oci::User& user = compiled.effective.spec.process->user;
    EXPECT_EQ(user.uid, each.uid) << each.user;
    EXPECT_EQ(user.gid, each.gid) << each.user << ':' << each.group;
    if (each.uid != each.spec_uid) {
      EXPECT_TRUE(user.additional_gids.empty()) << each.user;
    }
  }
}

TEST_F(Compile, UsersThatAreRefused) {
  struct {
    const char* user;
    const char* group;
    const char* message;
  } cases[] = {
      {"nobody-here", "",
       "process.run_as_user (policy line 9): the image's /etc/passwd has no user 'nobody-here'"},
      {"fake", "", "user 'fake' has uid 0 in this image"},
      {"0", "", "uid 0 is refused"},
      {"node", "nogroup-here", "the image's /etc/group has no group 'nogroup-here'"},
      {"node", "0", "group 0 is refused"},
  };
  policy_.process.run_as_user_at.line = 9;
  for (const auto& each : cases) {
    policy_.process.run_as_user = each.user;
    policy_.process.run_as_group = each.group;
    expect_error({each.message});
  }
}

TEST_F(Compile, UnmappedIdsAreRefusedBeforeTheKernelDoes) {
  spec_.linux_.uid_mappings = {{0, 1000, 1}};
  spec_.linux_.gid_mappings = {{0, 1000, 1}};
  expect_error({"maps no id 10001:10001", "/etc/subuid"});
  spec_.linux_.uid_mappings = {{0, 1000, 1}, {1, 100000, 65535}};
  spec_.linux_.gid_mappings = spec_.linux_.uid_mappings;
  run();
}

TEST_F(Compile, StartAsRootKeepsTheUserAndOnlyThePolicysCapabilities) {
  policy_.process.start_as_root = true;
  policy_.process.capabilities = {"CAP_CHOWN", "CAP_SETUID", "CAP_SETGID"};
  Compiled compiled = run();
  const oci::Process& process = *compiled.effective.spec.process;
  EXPECT_EQ(process.user.uid, 0u);
  EXPECT_EQ(process.capabilities->bounding, (oci::Strings{"CAP_CHOWN", "CAP_SETUID"}));
  EXPECT_TRUE(reported(compiled, "CAP_SETGID is not given: the manager did not ask for it"));
}

TEST_F(Compile, CapabilitiesAreDroppedByDefault) {
  const oci::Capabilities kept = *run().effective.spec.process->capabilities;
  for (const oci::Strings* set :
       {&kept.bounding, &kept.effective, &kept.permitted, &kept.inheritable, &kept.ambient})
    EXPECT_TRUE(set->empty());
  spec_.process->capabilities.reset();
  EXPECT_TRUE(run().effective.spec.process->capabilities.has_value()) << "absent must not mean all";
}

TEST_F(Compile, AmbientOnlyWhenNamed) {
  policy_.process.capabilities = {"CAP_KILL", "CAP_CHOWN"};
  policy_.process.ambient_capabilities = {"CAP_KILL"};
  const oci::Capabilities kept = *run().effective.spec.process->capabilities;
  EXPECT_EQ(kept.ambient, oci::Strings{"CAP_KILL"});
  EXPECT_EQ(kept.inheritable, oci::Strings{"CAP_KILL"});
  EXPECT_EQ(kept.bounding.size(), 2u);
}

TEST_F(Compile, CapabilitiesThatBreakTheFenceAreRefused) {
  for (const char* name : {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE",
                           "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_BPF", "CAP_PERFMON", "CAP_DAC_READ_SEARCH",
                           "CAP_CHECKPOINT_RESTORE", "CAP_MKNOD", "CAP_SYS_RESOURCE"}) {
    policy_.process.capabilities = {name};
    expect_error({"process.capabilities: ", name, "cannot be given to a sandbox, because"});
    policy_.process.capabilities = {};
    policy_.process.ambient_capabilities = {name};
    expect_error({name});
    policy_.process.ambient_capabilities = {};
  }
}

TEST_F(Compile, LimitsAreOnlyLowered) {
  spec_.process->rlimits = {{"RLIMIT_NPROC", 100, 4096}, {"RLIMIT_NOFILE", 10, 20}};
  policy_.process.max_processes = 512;
  policy_.process.max_open_files = 1000;
  facts_.inherited_rlimits = {{"RLIMIT_CORE", 0, 0}};
  policy_.process.max_core_bytes = 77;
  const oci::Process process = *run().effective.spec.process;
  EXPECT_EQ(process.rlimits[0].soft, 100u);
  EXPECT_EQ(process.rlimits[0].hard, 512u);
  EXPECT_EQ(process.rlimits[1].hard, 20u);
  EXPECT_EQ(process.rlimits[2].type, "RLIMIT_CORE");
  EXPECT_EQ(process.rlimits[2].hard, 0u) << "more than the runtime has itself";
  EXPECT_TRUE(process.no_new_privileges);
}

TEST_F(Compile, PidsLimitIsTheLower) {
  struct {
    std::optional<int64_t> manager;
    int64_t expected;
  } cases[] = {{{}, 512}, {-1, 512}, {0, 0}, {100, 100}, {9999, 512}};
  for (const auto& each : cases) {
    spec_.linux_.resources.emplace().pids_limit = each.manager;
    EXPECT_EQ(run().effective.spec.linux_.resources->pids_limit, each.expected);
  }
}

TEST_F(Compile, EnvironmentIsHardened) {
  const oci::Strings env = run().effective.spec.process->env;
  EXPECT_EQ(*find_variable(env, "PATH"), "PATH=" + std::string(default_path));
  EXPECT_EQ(find_variable(env, "LD_PRELOAD"), nullptr);
  EXPECT_TRUE(contains(env, "KEEP=1"));
  EXPECT_EQ(std::count_if(env.begin(), env.end(),
                          [](const std::string& each) { return each.starts_with("http_proxy="); }),
            1);
  EXPECT_EQ(variable_value(*find_variable(env, "http_proxy")), "http://127.0.0.1:3128");
  EXPECT_EQ(variable_value(*find_variable(env, "NODE_USE_ENV_PROXY")), "1");
  EXPECT_EQ(variable_value(*find_variable(env, "NO_PROXY")), "localhost,127.0.0.1,::1");
}

TEST_F(Compile, EnvironmentIsKeptWhereThePolicySaysSo) {
  policy_.process.keep_environment = {"PATH", "LD_PRELOAD"};
  policy_.proxy_environment = false;
  const oci::Strings env = run().effective.spec.process->env;
  for (const char* entry : {"PATH=/image/bin", "LD_PRELOAD=/evil.so", "http_proxy=http://elsewhere:1"})
    EXPECT_TRUE(contains(env, entry)) << entry;
  policy_.process.path = "/only";
  EXPECT_TRUE(contains(run().effective.spec.process->env, "PATH=/only"));
}

TEST_F(Compile, SharedNamespacesAreRefusedWithTheRemedy) {
  struct {
    const char* type;
    std::vector<const char*> words;
  } cases[] = {{"network", {"the host's network", "--network host", "hostNetwork", "--policy none"}},
               {"pid", {"the host's process ids", "--pid host", "hostPID"}},
               {"mount", {"no mount namespace"}}};
  for (const auto& each : cases) {
    spec_ = docker_like_spec();
    std::erase_if(spec_.linux_.namespaces, [&](const oci::Namespace& one) { return one.type == each.type; });
    for (const char* word : each.words) expect_error({word});
  }
  spec_ = docker_like_spec();
  facts_.network_is_host = true;  // by path
  expect_error({"--network host"});
}

TEST_F(Compile, HooksComeLastAndNameTheSandbox) {
  spec_.hooks.prestart = {{"/docker", {"docker"}, {}, {}}};
  facts_.config_file = "/etc/other.yaml";
  Compiled compiled = run();
  const oci::Hooks& hooks = compiled.effective.spec.hooks;
  ASSERT_EQ(hooks.prestart.size(), 2u);
  EXPECT_EQ(hooks.prestart[1].path, facts_.hook_path);
  EXPECT_EQ(hooks.prestart[1].args,
            (oci::Strings{"nemoclaw-hook", "start", "--sandbox-dir", "/run/nemoclaw/sandboxes/c1", "--config",
                          "/etc/other.yaml"}));
  ASSERT_EQ(hooks.poststop.size(), 1u);
  EXPECT_EQ(hooks.poststop[0].args[1], "stop");
  EXPECT_EQ(compiled.effective.sandbox_id, "c1");
  facts_.joined_sandbox = "pod";
  facts_.sandbox_directory = "/run/nemoclaw/sandboxes/pod";
  const Compiled joined = run();
  EXPECT_EQ(joined.effective.sandbox_id, "pod");
  EXPECT_EQ(joined.effective.spec.hooks.prestart.back().args,
            (oci::Strings{"nemoclaw-hook", "join", "--sandbox-dir", "/run/nemoclaw/sandboxes/pod",
                          "--container", "c1", "--config", "/etc/other.yaml"}));
  EXPECT_EQ(joined.effective.spec.hooks.poststop.back().args[1], "leave");
  facts_.hook_path.clear();
  expect_error({"nemoclaw-hook was not found", "--policy none"});
}

TEST_F(Compile, WhatBreaksTheSandboxIsNarrowed) {
  spec_.linux_.sysctl = {{"net.ipv4.conf.all.route_localnet", "1"},
                         {"net/ipv4/conf/eth0.7/route_localnet", "1"},
                         {"net.ipv4.tcp_fwmark_accept", "1"},
                         {"net.ipv4.fwmark_reflect", "1"},
                         {"net.ipv4.ip_unprivileged_port_start", "0"}};
  spec_.linux_.devices = {{"/dev/sda", "b", 8, 0, {}, {}, {}},
                          {"/dev/mem", "c", 1, 1, {}, {}, {}},
                          {"/dev/nvidia0", "c", 195, 0, {}, {}, {}}};
  spec_.linux_.resources.emplace().devices = {{true, "a", {}, {}, "rwm"}};
  spec_.mounts.push_back({"/sys", "sysfs", "sysfs", {"rw", "nosuid"}, {}, {}});
  spec_.mounts.push_back({"/s", "bind", "/var/run/docker.sock", {"bind"}, {}, {}});
  Compiled compiled = run();
  const oci::Spec& spec = compiled.effective.spec;
  EXPECT_EQ(spec.linux_.sysctl.size(), 1u);
  ASSERT_EQ(spec.linux_.devices.size(), 1u);
  EXPECT_EQ(find_rule(compiled.effective, "/dev/nvidia0")->access, oci::PathAccess::DeviceReadWrite);
  EXPECT_EQ(find_rule(compiled.effective, "/dev/sda"), nullptr);
  ASSERT_EQ(spec.linux_.resources->devices.size(), 2u);
  EXPECT_FALSE(spec.linux_.resources->devices[0].allow);
  EXPECT_EQ(spec.linux_.resources->devices[1].major, 195);
  EXPECT_EQ(spec.mounts[4].options, (oci::Strings{"nosuid", "ro"}));
  EXPECT_TRUE(contains(spec.linux_.masked_paths, "/proc/kcore"));
  EXPECT_TRUE(contains(spec.linux_.readonly_paths, "/proc/sys"));
  EXPECT_TRUE(reported(compiled, "warning: /var/run/docker.sock of the host is mounted"));
}

TEST_F(Compile, SyscallProfileIsAddedNeverReplaced) {
  spec_.linux_.seccomp.emplace().default_action = "SCMP_ACT_KILL";
  policy_.process.syscalls_allow = {"ptrace", "read"};
  policy_.process.syscalls_deny = {"read"};
  const oci::EffectiveSpec effective = run().effective;
  EXPECT_EQ(effective.spec.linux_.seccomp->default_action, "SCMP_ACT_KILL");
  ASSERT_EQ(effective.extra_seccomp.size(), 1u);
  std::map<std::string, std::vector<std::string>> actions;
  for (const oci::SeccompRule& rule : effective.extra_seccomp[0].syscalls)
    for (const std::string& name : rule.names) actions[name].push_back(rule.action);
  EXPECT_EQ(actions["ptrace"], std::vector<std::string>{"SCMP_ACT_ALLOW"});
  EXPECT_EQ(actions["read"], std::vector<std::string>{"SCMP_ACT_ERRNO"}) << "deny beats allow";
}

TEST_F(Compile, IntegrityIsCarriedToWhereItIsJudged) {
  policy_.integrity.files.push_back({"/f", "00ff", {7, 1}});
  policy_.integrity.symlinks.push_back({"/a", "/b", {}});
  const Compiled compiled = run();
  EXPECT_EQ(compiled.effective.integrity_files, (std::vector<oci::IntegrityFile>{{"/f", "00ff"}}));
  EXPECT_EQ(compiled.effective.integrity_links, (std::vector<oci::IntegrityLinks>{{"/a", "/b"}}));
  EXPECT_TRUE(reported(compiled, "/f must have the SHA-256 00ff: integrity.files (policy line 7)"));
}

TEST_F(Compile, AProcessIsNeeded) {
  spec_.process.reset();
  expect_error({"process: missing"});
}

}  // namespace
}  // namespace nemoclaw::policy
