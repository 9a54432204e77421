#include <gtest/gtest.h>

#include "runtime/cgroup/systemd_manager.h"
#include "runtime/cgroup/systemd_unit.h"

namespace nemoclaw::cgroup {
namespace {

std::string describe(const dbus::Value& value) {
  if (value.type == 's' || value.type == 'o') return "'" + value.text + "'";
  if (value.items.empty() && value.type != 'a') return value.type + std::string(":") + std::to_string(value.number);
  std::string text = value.signature() + "[";
  for (const dbus::Value& item : value.items) text += describe(item) + " ";
  return text + "]";
}

std::string describe(const Result<UnitProperties>& properties) {
  if (!properties) return "error: " + properties.error().message;
  std::string text;
  for (const auto& [name, value] : *properties) text += name + "=" + describe(value) + "\n";
  return text;
}

TEST(SystemdUnit, Names) {
  struct Case {
    const char* path;
    bool user;
    const char *slice, *name;
  };
  const Case cases[] = {
      {"", false, "system.slice", "nemoclaw-web.scope"},
      {"", true, "user.slice", "nemoclaw-web.scope"},
      {"system.slice:docker:1234", false, "system.slice", "docker-1234.scope"},
      {":docker:1234", true, "user.slice", "docker-1234.scope"},
      {"kubepods-burstable.slice:cri-containerd:abc", false, "kubepods-burstable.slice", "cri-containerd-abc.scope"},
      {"machine.slice::name", false, "machine.slice", "name.scope"},
      {"-:p:n", false, "-.slice", "p-n.scope"},
  };
  for (const Case& each : cases) {
    const Result<SystemdUnit> unit = plan_unit(each.path, "web", each.user);
    ASSERT_TRUE(unit) << each.path << ": " << unit.error().message;
    EXPECT_EQ(unit->slice, each.slice) << each.path;
    EXPECT_EQ(unit->name, each.name) << each.path;
    EXPECT_EQ(unit->user, each.user);
  }
  for (const char* bad : {"/a/b", "a:b", "a.slice:b:c:d", "system:p:n", "a.slice/b.slice:p:n", "a.slice:p:", "a.slice:p:n/m",
                          "a.slice:p:pod.slice"})
    EXPECT_FALSE(plan_unit(bad, "web", false)) << bad;
  EXPECT_FALSE(plan_unit("a.slice:p:" + std::string(256, 'x'), "web", false));
}

TEST(SystemdUnit, Numbers) {
  EXPECT_EQ(parse_systemd_version("257.5-1~deb13u1"), 257U);
  EXPECT_EQ(parse_systemd_version("systemd 245 (245.4)"), 245U);
  EXPECT_EQ(parse_systemd_version("unknown"), 0U);
  EXPECT_EQ(quota_per_second(50'000, 100'000), 500'000U);
  EXPECT_EQ(quota_per_second(33'333, 100'000), 340'000U) << "rounded up to 10 ms";
  EXPECT_EQ(quota_per_second(200'000, 0), 2'000'000U) << "the kernel's default period";
  EXPECT_EQ(quota_per_second(-1, 100'000), UINT64_MAX);
  EXPECT_EQ(quota_per_second(INT64_MAX, 1), UINT64_MAX);
  using Mask = std::vector<uint8_t>;
  EXPECT_EQ(*cpu_mask("0-3,9"), (Mask{0x0f, 0x02}));
  EXPECT_EQ(*cpu_mask("1"), Mask{0x02});
  for (const char* bad : {"3-1", "a", "1-", "99999999", "0-99999999"}) EXPECT_FALSE(cpu_mask(bad)) << bad;
}

oci::Resources some_resources() {
  oci::Resources resources;
  auto& memory = resources.memory.emplace();
  memory.limit = 100 << 20;
  memory.swap = 150 << 20;
  memory.reservation = 50 << 20;
  auto& cpu = resources.cpu.emplace();
  cpu.shares = 1024;
  cpu.quota = 50'000;
  cpu.period = 100'000;
  cpu.cpus = "0-1";
  resources.pids_limit = 77;
  return resources;
}

TEST(SystemdProperties, V2) {
  EXPECT_EQ(describe(resource_properties(Version::V2, some_resources(), 257, "")),
            "MemoryMax=t:104857600\nMemoryLow=t:52428800\nMemorySwapMax=t:52428800\nCPUWeight=t:100\n"
            "CPUQuotaPeriodUSec=t:100000\nCPUQuotaPerSecUSec=t:500000\nAllowedCPUs=ay[y:3 ]\nTasksMax=t:77\n");
}

TEST(SystemdProperties, AnOldSystemdGetsNoNewProperties) {
  EXPECT_EQ(describe(resource_properties(Version::V2, some_resources(), 240, "")),
            "MemoryMax=t:104857600\nMemoryLow=t:52428800\nMemorySwapMax=t:52428800\nCPUWeight=t:100\n"
            "CPUQuotaPerSecUSec=t:500000\nTasksMax=t:77\n");
}

TEST(SystemdProperties, UnlimitedAndIdle) {
  oci::Resources resources;
  resources.pids_limit = -1;
  resources.memory.emplace().limit = -1;
  resources.cpu.emplace().idle = 1;
  resources.cpu->shares = 512;
  const std::string infinity = std::to_string(UINT64_MAX);
  EXPECT_EQ(describe(resource_properties(Version::V2, resources, 257, "")),
            "MemoryMax=t:" + infinity + "\nMemorySwapMax=t:" + infinity + "\nCPUWeight=t:0\nTasksMax=t:" + infinity + "\n");
  EXPECT_EQ(describe(resource_properties(Version::V2, {}, 257, "")), "");
}

TEST(SystemdProperties, Unified) {
  oci::Resources resources;
  resources.unified = {{"memory.high", "1048576"}, {"cpu.max", "20000 100000"}, {"memory.swap.max", "max"},
                       {"cpu.weight", "321"},      {"cpuset.cpus", "0"},        {"memory.oom.group", "1"}};
  EXPECT_EQ(describe(resource_properties(Version::V2, resources, 257, "")),
            "MemoryHigh=t:1048576\nCPUQuotaPeriodUSec=t:100000\nCPUQuotaPerSecUSec=t:200000\nMemorySwapMax=t:" +
                std::to_string(UINT64_MAX) + "\nCPUWeight=t:321\nAllowedCPUs=ay[y:1 ]\n");
}

TEST(SystemdProperties, V1NamesDevicesByTheirDrivers) {
  oci::Resources resources;
  resources.cpu.emplace().shares = 512;
  oci::DeviceRule deny;
  oci::DeviceRule fuse{.allow = true, .type = "c", .major = 10, .minor = 229, .access = "rwm"};
  resources.devices = {deny, fuse};
  const char* devices = "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n136 wrong\n";
  const std::string text = describe(resource_properties(Version::V1, resources, 257, devices));
  for (const char* expected : {"CPUShares=t:512\nDeviceAllow=a(ss)[", "(ss)['/dev/char/10:229' 'rwm' ]",
                               "(ss)['/dev/char/1:3' 'rwm' ]", "(ss)['char-pts' 'rwm' ]", "(ss)['char-*' 'm' ]",
                               "DevicePolicy='strict'\n"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in " << text;
  EXPECT_EQ(text.find("wrong"), std::string::npos);
}

TEST(SystemdProperties, EveryScope) {
  const SystemdUnit unit{.slice = "a.slice", .name = "b.scope"};
  EXPECT_EQ(describe(scope_properties(unit, Version::V2, "container b", 42)),
            "Description='container b'\nSlice='a.slice'\nDelegate=b:1\nPIDs=au[u:42 ]\nDefaultDependencies=b:0\n"
            "CollectMode='inactive-or-failed'\nMemoryAccounting=b:1\nCPUAccounting=b:1\nTasksAccounting=b:1\n"
            "IOAccounting=b:1\n");
}

TEST(SystemdAnnotations, Values) {
  const std::pair<const char*, const char*> cases[] = {
      {"true", "X3x=b:1\n"},
      {"5", "X3x=i:5\n"},
      {"uint64 123456", "X3x=t:123456\n"},
      {"@t 0xff", "X3x=t:255\n"},
      {"'inactive-or-failed'", "X3x='inactive-or-failed'\n"},
      {"\"a\\\"b\"", "X3x='a\"b'\n"},
      {"['a', 'b']", "X3x=as['a' 'b' ]\n"},
      {"@as []", "X3x=as[]\n"},
      {"[byte 1, byte 2]", "X3x=ay[y:1 y:2 ]\n"},
      {"@au [1, 2]", "X3x=au[u:1 u:2 ]\n"},
      {"('a', 1)", "X3x=(si)['a' i:1 ]\n"},
      {"objectpath '/a'", "X3x='/a'\n"},
  };
  for (const auto& [text, expected] : cases) {
    std::string wanted = expected;
    wanted.replace(0, 3, "Xxx");
    EXPECT_EQ(describe(annotation_properties({{"org.systemd.property.Xxx", text}})), wanted) << text;
  }
  for (const char* bad : {"", "[", "'a", "uint32 -1", "byte 256", "[1, 'a']", "[]", "()", "5 6", "99999999999", "@t 'x'",
                          "[[[[[[[[[[1]]]]]]]]]]", "nonsense", "@", "--5"})
    EXPECT_FALSE(annotation_properties({{"org.systemd.property.Xxx", bad}})) << bad;
}

TEST(SystemdAnnotations, NoNulReachesTheBus) {
  EXPECT_FALSE(annotation_properties({{"org.systemd.property.Xxx", std::string("'a\0b'", 5)}}));
  EXPECT_FALSE(annotation_properties({{"org.systemd.property.Xxx", std::string("'a\\\0b'", 6)}}));
}

TEST(SystemdAnnotations, SecondsAndNames) {
  EXPECT_EQ(describe(annotation_properties({{"org.systemd.property.TimeoutStopSec", "uint64 5"},
                                            {"org.systemd.property.TimeoutStopUSec", "uint64 5"},
                                            {"com.example.other", "x"}})),
            "TimeoutStopUSec=t:5000000\nTimeoutStopUSec=t:5\n");
  for (const char* bad : {"org.systemd.property.", "org.systemd.property.A", "org.systemd.property.A-b",
                          "org.systemd.property.Abc1"})
    EXPECT_FALSE(annotation_properties({{bad, "1"}})) << bad;
  EXPECT_FALSE(annotation_properties({{"org.systemd.property.TimeoutStopSec", "-1"}}));
  EXPECT_FALSE(annotation_properties({{"org.systemd.property.TimeoutStopSec", "'5s'"}}));
}

TEST(SystemdManager, Addresses) {
  using Addresses = std::vector<dbus::Address>;
  EXPECT_EQ(manager_addresses(false, {}),
            (Addresses{{"/run/systemd/private", false}, {"/run/dbus/system_bus_socket", true}}));
  EXPECT_EQ(manager_addresses(false, {"", "", "unix:path=/x"}), (Addresses{{"/run/systemd/private", false}, {"/x", true}}));
  EXPECT_EQ(manager_addresses(true, {"/run/user/7", "", ""}),
            (Addresses{{"/run/user/7/systemd/private", false}, {"/run/user/7/bus", true}}));
  EXPECT_EQ(manager_addresses(true, {"", "unix:path=/y", ""}), (Addresses{{"/y", true}}));
  EXPECT_TRUE(manager_addresses(true, {}).empty());
}

}  // namespace
}  // namespace nemoclaw::cgroup
