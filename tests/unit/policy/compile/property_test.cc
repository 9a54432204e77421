// The rule of the translation: it only ever narrows what the manager asked for. Random specs, random
// policies, fixed seeds.
#include <gtest/gtest.h>

#include <random>

#include "policy/model/ceiling.h"
#include "runtime/oci/spec_writer.h"
#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

const std::vector<std::string> capability_names = {"CAP_CHOWN",     "CAP_KILL",    "CAP_SETUID",
                                                   "CAP_SETGID",    "CAP_FOWNER",  "CAP_NET_ADMIN",
                                                   "CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_MKNOD"};
const std::vector<std::string> harmless_capabilities = {"CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SETGID",
                                                        "CAP_FOWNER"};
const std::vector<std::string> paths = {"/usr",  "/etc", "/tmp",     "/work",   "/srv/app",
                                        "/data", "/bin", "/nowhere", "/sandbox"};

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  oci::Spec spec() {
    oci::Spec spec = docker_like_spec();
    oci::Process& process = *spec.process;
    process.user.uid = one_of<uint32_t>({0, 0, 1000, 4242});
    process.user.gid = one_of<uint32_t>({0, 50, 1000});
    process.user.additional_gids = {0, 7};
    process.no_new_privileges = chance();
    process.cwd = one_of(paths);
    process.terminal = chance();
    if (chance())
      process.capabilities =
          oci::Capabilities{some(capability_names), some(capability_names), some(capability_names),
                            some(capability_names), some(capability_names)};
    else
      process.capabilities.reset();
    for (const char* type : {"RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_STACK"})
      if (chance()) {
        uint64_t hard = one_of<uint64_t>({0, 1, 100, 512, 100000, ~0ull});
        process.rlimits.push_back({type, std::min<uint64_t>(hard, one_of<uint64_t>({0, 50, 100000})), hard});
      }
    for (const std::string& path : some(paths))
      spec.mounts.push_back({path,
                             "bind",
                             "/host" + path,
                             chance() ? oci::Strings{"rbind", "ro"} : oci::Strings{"rbind"},
                             {},
                             {}});
    if (chance()) spec.mounts[1].options = {"rw"};
    spec.linux_.masked_paths = some(oci::Strings{"/proc/kcore", "/proc/keys", "/mine"});
    spec.linux_.readonly_paths = some(oci::Strings{"/proc/sys", "/proc/bus", "/mine-too"});
    if (chance()) {
      oci::Seccomp& seccomp = spec.linux_.seccomp.emplace();
      seccomp.default_action = one_of<std::string>({"SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"});
      seccomp.architectures = some(oci::Strings{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"});
      if (chance()) seccomp.syscalls.push_back({{"ptrace", "mount"}, "SCMP_ACT_ERRNO", 1, {}});
      if (chance())
        seccomp.syscalls.push_back({{"personality"}, "SCMP_ACT_ALLOW", {}, {{0, 8, 0, "SCMP_CMP_EQ"}}});
    }
    if (chance()) spec.linux_.uid_mappings = {{0, 100000, 65536}};
    if (chance()) spec.linux_.cgroups_path = "/x";
    spec.linux_.rootfs_propagation = one_of<std::string>({"", "private", "slave"});
    process.oom_score_adj = one_of<int>({-500, 0, 500});
    for (const oci::Device& device :
         {oci::Device{"/dev/sda", "b", 8, 0, {}, {}, {}}, oci::Device{"/dev/fuse", "c", 10, 229, {}, {}, {}},
          oci::Device{"/dev/nvidia0", "c", 195, 0, {}, {}, {}}})
      if (chance()) spec.linux_.devices.push_back(device);
    if (chance()) {
      oci::Resources& resources = spec.linux_.resources.emplace();
      if (chance()) resources.devices.push_back({true, one_of<std::string>({"a", "", "c"}), {}, {}, "rwm"});
      if (chance()) resources.devices.push_back({true, "c", 1, 3, "rwm"});
      if (chance()) resources.pids_limit = one_of<int64_t>({-1, 0, 1, 100, 100000});
      resources.memory.emplace().limit = 1 << 20;
    }
    spec.linux_.sysctl = some(std::vector<std::pair<std::string, std::string>>{
        {"net.ipv4.conf.all.route_localnet", "1"}, {"net.ipv4.ip_forward", "0"}});
    for (oci::Namespace& each : spec.linux_.namespaces)
      if (each.type != "mount" && random_() % 5 == 0) each.path = "/proc/99/ns/" + each.type;
    spec.root.readonly = chance();
    process.apparmor_profile = chance() ? "docker-default" : "";
    return spec;
  }

  Policy policy() {
    Policy policy;
    policy.name = "random";
    policy.digest = "sha256:00";
    policy.filesystem.present = chance();
    policy.filesystem.include_workdir = chance();
    for (auto* list :
         {&policy.filesystem.read_only, &policy.filesystem.read_write, &policy.filesystem.no_access})
      for (const std::string& path : some(paths)) list->push_back({path, {1, 1}});
    if (random_() % 4 == 0) policy.filesystem.execute = std::vector<Path>{Path{"/usr/bin/*", {1, 1}}};
    ProcessPolicy& process = policy.process;
    process.run_as_user = one_of<std::string>({"", "", "sandbox", "node", "4242"});
    process.run_as_group = one_of<std::string>({"", "", "staff", "77"});
    process.start_as_root = random_() % 5 == 0;
    process.capabilities = some(harmless_capabilities);
    process.ambient_capabilities = some(process.capabilities);
    process.max_processes = one_of<uint64_t>({1, 100, 512, 1000000});
    if (chance()) process.max_open_files = one_of<uint64_t>({10, 1000000});
    process.max_core_bytes = one_of<uint64_t>({0, 4096});
    process.no_new_privileges = chance();
    process.keep_environment = some(std::vector<std::string>{"PATH", "LD_PRELOAD"});
    process.syscalls = chance() ? SyscallBase::Agent : SyscallBase::Docker;
    policy.proxy_environment = chance();
    return policy;
  }

  Facts facts() {
    Facts facts = debian_like_facts();
    facts.landlock_abi = one_of<int>({0, 1, 4, 7});
    facts.execute_matches = {{"/usr/bin/*", "/usr/bin/env"}};
    if (chance()) facts.link_targets = {{one_of(paths), one_of(paths)}};
    return facts;
  }

  bool chance() { return random_() % 2 == 0; }

 private:
  template <typename T>
  T one_of(const std::vector<T>& values) {
    return values[random_() % values.size()];
  }
  template <typename T>
  std::vector<T> some(const std::vector<T>& values) {
    std::vector<T> chosen;
    for (const T& each : values)
      if (chance()) chosen.push_back(each);
    return chosen;
  }

  std::mt19937 random_;
};

bool subset(const oci::Strings& part, const oci::Strings& whole) {
  return std::all_of(part.begin(), part.end(),
                     [&](const std::string& each) { return contains(whole, each); });
}

oci::Strings both(const oci::Strings& a, const oci::Strings& b) {
  oci::Strings result;
  for (const std::string& each : a)
    if (contains(b, each)) result.push_back(each);
  return result;
}

void expect_process_narrower(const oci::Process& now, const oci::Process& before) {
  oci::Capabilities asked = before.capabilities.value_or(oci::Capabilities{});
  ASSERT_TRUE(now.capabilities);
  EXPECT_TRUE(subset(now.capabilities->bounding, asked.bounding));
  EXPECT_TRUE(subset(now.capabilities->permitted, asked.permitted));
  EXPECT_TRUE(subset(now.capabilities->effective, asked.effective));
  EXPECT_TRUE(subset(now.capabilities->ambient, both(asked.bounding, asked.permitted)));
  EXPECT_TRUE(subset(now.capabilities->inheritable, both(asked.bounding, asked.permitted)));
  if (before.user.uid != 0) {
    EXPECT_NE(now.user.uid, 0u);
  }
  for (uint32_t gid : now.user.additional_gids)
    EXPECT_NE(std::count(before.user.additional_gids.begin(), before.user.additional_gids.end(), gid), 0);
  EXPECT_GE(now.no_new_privileges, before.no_new_privileges);
  EXPECT_EQ(now.apparmor_profile, before.apparmor_profile);
  EXPECT_EQ(now.args, before.args);
  for (const oci::Rlimit& asked_limit : before.rlimits) {
    auto found = std::find_if(now.rlimits.begin(), now.rlimits.end(),
                              [&](const oci::Rlimit& each) { return each.type == asked_limit.type; });
    ASSERT_NE(found, now.rlimits.end());
    EXPECT_LE(found->soft, asked_limit.soft);
    EXPECT_LE(found->hard, asked_limit.hard);
  }
}

void expect_mounts_narrower(const oci::Spec& now, const oci::Spec& before) {
  ASSERT_GE(now.mounts.size(), before.mounts.size());
  // What is added shows files of the sandbox directory, and gives nothing but reading.
  for (size_t i = before.mounts.size(); i < now.mounts.size(); ++i) {
    EXPECT_TRUE(now.mounts[i].source.starts_with("/run/nemoclaw/sandboxes/")) << now.mounts[i].source;
    for (const char* option : {"ro", "nosuid", "nodev", "noexec"})
      EXPECT_TRUE(contains(now.mounts[i].options, option)) << option;
  }
  for (size_t i = 0; i < before.mounts.size(); ++i) {
    EXPECT_EQ(now.mounts[i].destination, before.mounts[i].destination);
    EXPECT_EQ(now.mounts[i].source, before.mounts[i].source);
    for (const std::string& option : before.mounts[i].options)
      if (option != "rw") {
        EXPECT_TRUE(contains(now.mounts[i].options, option)) << option;
      }
    for (const std::string& option : now.mounts[i].options)
      EXPECT_TRUE(option == "ro" || contains(before.mounts[i].options, option)) << option;
  }
  EXPECT_GE(now.root.readonly, before.root.readonly);
}

void expect_linux_narrower(const oci::Linux& now, const oci::Linux& before) {
  EXPECT_TRUE(subset(before.masked_paths, now.masked_paths));
  EXPECT_TRUE(subset(before.readonly_paths, now.readonly_paths));
  ASSERT_EQ(now.namespaces.size(), before.namespaces.size());
  for (size_t i = 0; i < now.namespaces.size(); ++i) {
    EXPECT_EQ(now.namespaces[i].type, before.namespaces[i].type);
    EXPECT_EQ(now.namespaces[i].path, before.namespaces[i].path);
  }
  EXPECT_EQ(now.seccomp.has_value(), before.seccomp.has_value());
  for (const oci::Device& device : now.devices)
    EXPECT_TRUE(std::any_of(before.devices.begin(), before.devices.end(),
                            [&](const oci::Device& each) { return each == device; }));
  for (const auto& entry : now.sysctl)
    EXPECT_NE(std::find(before.sysctl.begin(), before.sysctl.end(), entry), before.sysctl.end());
  if (!before.resources) return;
  auto unlimited = [](std::optional<int64_t> limit) { return !limit || *limit < 0; };
  if (!unlimited(before.resources->pids_limit)) {
    ASSERT_FALSE(unlimited(now.resources->pids_limit));
    EXPECT_LE(*now.resources->pids_limit, *before.resources->pids_limit);
  }
  EXPECT_EQ(now.resources->memory->limit, before.resources->memory->limit);
  bool all = std::any_of(before.resources->devices.begin(), before.resources->devices.end(),
                         [](const oci::DeviceRule& rule) { return rule.allow && !rule.major; });
  for (const oci::DeviceRule& rule : now.resources->devices) {
    if (!rule.allow) continue;
    ASSERT_TRUE(rule.major && rule.minor) << "no rule may open more than one device";
    bool listed = std::any_of(before.resources->devices.begin(), before.resources->devices.end(),
                              [&](const oci::DeviceRule& each) {
                                return each.allow && each.major == rule.major && each.minor == rule.minor;
                              });
    EXPECT_TRUE(all || listed);
  }
}

// What no row of the translation names stays as the manager wrote it: its own seccomp profile, mappings,
// labels, cgroup, hooks.
void expect_rest_untouched(oci::Spec now, const oci::Spec& before) {
  oci::Process& process = *now.process;
  process.user = before.process->user;
  process.capabilities = before.process->capabilities;
  process.no_new_privileges = before.process->no_new_privileges;
  process.rlimits = before.process->rlimits;
  process.env = before.process->env;
  now.mounts = before.mounts;
  now.root.readonly = before.root.readonly;
  now.linux_.masked_paths = before.linux_.masked_paths;
  now.linux_.readonly_paths = before.linux_.readonly_paths;
  now.linux_.devices = before.linux_.devices;
  now.linux_.sysctl = before.linux_.sysctl;
  if (now.linux_.resources && before.linux_.resources) {
    now.linux_.resources->devices = before.linux_.resources->devices;
    now.linux_.resources->pids_limit = before.linux_.resources->pids_limit;
  } else {
    now.linux_.resources = before.linux_.resources;
  }
  ASSERT_EQ(now.hooks.prestart.size(), before.hooks.prestart.size() + 1);
  now.hooks = before.hooks;
  now.annotations = before.annotations;
  EXPECT_TRUE(now == before) << oci::encode_spec(now, false) << "\n" << oci::encode_spec(before, false);
}

void expect_policy_in_force(const Compiled& compiled, const Policy& policy, const oci::Spec& before) {
  const oci::EffectiveSpec& effective = compiled.effective;
  EXPECT_TRUE(effective.landlock.enabled);
  EXPECT_EQ(effective.extra_seccomp.size(), 1u);
  EXPECT_FALSE(effective.sandbox_id.empty());
  EXPECT_EQ(effective.spec.hooks.prestart.size(), before.hooks.prestart.size() + 1);
  if (!policy.process.start_as_root) {
    EXPECT_NE(effective.spec.process->user.uid, 0u);
  }
  for (const Path& hidden : policy.filesystem.no_access) {
    EXPECT_TRUE(contains(effective.spec.linux_.masked_paths, hidden.path));
    EXPECT_EQ(find_rule(effective, hidden.path), nullptr) << hidden.path;
  }
  for (const oci::LandlockRule& rule : effective.landlock.rules)
    if (rule.access == oci::PathAccess::ReadWrite || rule.access == oci::PathAccess::ReadWriteExecute) {
      EXPECT_NE(rule.path, "/");
    }
}

TEST(Property, EffectiveNeverHasMoreThanTheManagerAskedFor) {
  int compiled_count = 0;
  for (uint32_t seed = 0; seed < 4000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    oci::Spec before = generator.spec();
    Policy policy = generator.policy();
    auto compiled = compile(policy, before, generator.facts());
    if (!compiled) continue;  // refusing is as narrow as it gets
    ++compiled_count;
    const oci::Spec& now = compiled->effective.spec;
    expect_process_narrower(*now.process, *before.process);
    expect_mounts_narrower(now, before);
    expect_linux_narrower(now.linux_, before.linux_);
    expect_rest_untouched(now, before);
    expect_policy_in_force(*compiled, policy, before);
  }
  EXPECT_GT(compiled_count, 2000) << "most cases must get as far as a result";
}

// Under a ceiling nothing is opened that the ceiling alone would not open.
TEST(Property, NeverMoreThanTheCeiling) {
  int compiled_count = 0;
  for (uint32_t seed = 0; seed < 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    const oci::Spec before = generator.spec();
    const Policy policy = generator.policy(), ceiling = generator.policy();
    Facts facts = generator.facts();
    facts.link_targets.clear();
    auto compiled = compile(intersect(policy, ceiling), before, facts);
    if (!compiled) continue;
    ++compiled_count;
    const oci::EffectiveSpec& effective = compiled->effective;
    const oci::Process& process = *effective.spec.process;
    for (const std::string& each : process.capabilities->bounding)
      EXPECT_TRUE(contains(ceiling.process.capabilities, each)) << each;
    EXPECT_GE(process.no_new_privileges, ceiling.process.no_new_privileges);
    for (const oci::Rlimit& limit : process.rlimits) {
      if (limit.type == "RLIMIT_NPROC") {
        EXPECT_LE(limit.hard, std::min(policy.process.max_processes, ceiling.process.max_processes));
      }
    }
    if (process.user.uid == 0) {
      EXPECT_TRUE(policy.process.start_as_root && ceiling.process.start_as_root);
    }
    for (const Path& hidden : ceiling.filesystem.no_access)
      EXPECT_TRUE(contains(effective.spec.linux_.masked_paths, hidden.path));
    for (const oci::LandlockRule& rule : effective.landlock.rules) {
      const bool writes =
          rule.access == oci::PathAccess::ReadWrite || rule.access == oci::PathAccess::ReadWriteExecute;
      const bool of_workdir = ceiling.filesystem.include_workdir && rule.path == before.process->cwd;
      if (writes && rule.path != "/dev/shm" && !of_workdir) {
        EXPECT_EQ(listed_access(ceiling.filesystem, rule.path), FileAccess::Write) << rule.path;
      }
    }
  }
  EXPECT_GT(compiled_count, 1000);
}

// What exec asks for is bounded by what the container has, whatever that is.
TEST(Property, ExecNeverHasMoreThanTheContainer) {
  for (uint32_t seed = 0; seed < 2000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    auto compiled = compile(generator.policy(), generator.spec(), generator.facts());
    if (!compiled) continue;
    const oci::Process& first = *compiled->effective.spec.process;
    oci::Process wanted = *Generator(seed + 1000000).spec().process;
    auto process = narrow_exec_process(compiled->effective, wanted);
    ASSERT_TRUE(process);
    EXPECT_TRUE(subset(process->capabilities->bounding, first.capabilities->bounding));
    EXPECT_TRUE(subset(process->capabilities->effective, first.capabilities->effective));
    EXPECT_TRUE(subset(process->capabilities->permitted, first.capabilities->permitted));
    EXPECT_TRUE(subset(process->capabilities->ambient, first.capabilities->ambient));
    EXPECT_GE(process->no_new_privileges, first.no_new_privileges);
    if (first.user.uid != 0) {
      EXPECT_EQ(process->user.uid, first.user.uid);
    }
    for (const oci::Rlimit& bound : first.rlimits)
      for (const oci::Rlimit& limit : process->rlimits)
        if (limit.type == bound.type) {
          EXPECT_LE(limit.hard, bound.hard);
        }
  }
}

// The same input gives the same output, to the byte: it is stored and compared.
TEST(Property, Deterministic) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    Generator generator(seed);
    oci::Spec spec = generator.spec();
    Policy policy = generator.policy();
    Facts facts = generator.facts();
    auto once = compile(policy, spec, facts), twice = compile(policy, spec, facts);
    ASSERT_EQ(once.has_value(), twice.has_value());
    if (once) {
      EXPECT_EQ(oci::encode_effective_spec(once->effective), oci::encode_effective_spec(twice->effective));
    }
  }
}

}  // namespace
}  // namespace nemoclaw::policy
