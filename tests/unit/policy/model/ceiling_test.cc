#include "policy/model/ceiling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/model/host.h"

namespace nemoclaw::policy {
namespace {

bool is_cut(const Policy& policy, std::string_view text) {
  return std::any_of(policy.ceiling->cuts.begin(), policy.ceiling->cuts.end(), [&](const Cut& cut) {
    return (cut.what + ": " + cut.why).find(text) != std::string::npos;
  });
}

std::vector<std::string> texts(const std::vector<Path>& paths) {
  std::vector<std::string> result;
  for (const Path& each : paths) result.push_back(each.path);
  return result;
}

using Strings = std::vector<std::string>;

TEST(Ceiling, ProcessIsTheLowerOfBoth) {
  Policy policy, ceiling;
  policy.process.capabilities = {"CAP_CHOWN", "CAP_KILL"};
  policy.process.ambient_capabilities = {"CAP_KILL"};
  policy.process.start_as_root = true;
  policy.process.no_new_privileges = false;
  policy.process.max_processes = 1000;
  policy.process.keep_environment = {"PATH", "LD_PRELOAD"};
  ceiling.process.capabilities = {"CAP_KILL"};
  ceiling.process.max_processes = 100;
  ceiling.process.max_open_files = 64;
  ceiling.process.run_as_user = "agent";
  ceiling.process.keep_environment = {"PATH"};
  const Policy both = intersect(policy, ceiling);
  EXPECT_EQ(both.process.capabilities, Strings{"CAP_KILL"});
  EXPECT_EQ(both.process.ambient_capabilities, Strings{});
  EXPECT_FALSE(both.process.start_as_root);
  EXPECT_TRUE(both.process.no_new_privileges);
  EXPECT_EQ(both.process.max_processes, 100u);
  EXPECT_EQ(both.process.max_open_files, 64u);
  EXPECT_EQ(both.process.run_as_user, "agent");
  EXPECT_EQ(both.process.keep_environment, Strings{"PATH"});
  for (const char* text : {"process.capabilities: CAP_CHOWN is cut", "(ambient): CAP_KILL is cut",
                           "start_as_root: is cut", "max_processes: 1000 becomes 100",
                           "run_as_user: the image's becomes agent", "keep_environment: LD_PRELOAD is cut"})
    EXPECT_TRUE(is_cut(both, text)) << text;
}

TEST(Ceiling, AmbientInTheCeilingCoversTheOrdinary) {
  Policy policy, ceiling;
  policy.process.capabilities = {"CAP_KILL"};
  ceiling.process.ambient_capabilities = {"CAP_KILL"};
  EXPECT_EQ(intersect(policy, ceiling).process.capabilities, Strings{"CAP_KILL"});
}

TEST(Ceiling, WhatItDoesNotNarrowIsNotCut) {
  Policy policy;
  policy.process.capabilities = {"CAP_CHOWN"};
  policy.filesystem.read_write = {{"/work", {}}};
  policy.inbound = {{80, "tcp", {"10.0.0.0/8"}, {}}};
  policy.network = {{"a", "a", {}, {}, {}}};
  policy.network[0].endpoints.emplace_back();
  policy.network[0].endpoints[0].host = "api.example.test";
  policy.network[0].endpoints[0].ports = {443};
  const Policy both = intersect(policy, policy);
  for (const Cut& cut : both.ceiling->cuts) ADD_FAILURE() << cut.what << ": " << cut.why;
  EXPECT_EQ(both.inbound.size(), 1u);
  EXPECT_EQ(texts(both.filesystem.read_write), Strings{"/work"});
}

TEST(Ceiling, Files) {
  Policy policy, ceiling;
  policy.filesystem.read_write = {{"/work", {3, 1}}, {"/data", {4, 1}}, {"/tmp", {}}};
  policy.filesystem.read_only = {{"/usr", {5, 1}}, {"/secret", {6, 1}}};
  ceiling.filesystem.read_write = {{"/work/out", {}}, {"/tmp", {}}};
  ceiling.filesystem.read_only = {{"/work", {}}, {"/usr", {}}, {"/tmp/locked", {}}};
  ceiling.filesystem.no_access = {{"/usr/local", {}}};
  const FilesystemPolicy both = intersect(policy, ceiling).filesystem;
  EXPECT_EQ(texts(both.read_write), (Strings{"/tmp", "/work/out"}));
  EXPECT_EQ(texts(both.read_only), (Strings{"/work", "/usr", "/tmp/locked"}));
  EXPECT_EQ(texts(both.no_access), Strings{"/usr/local"});
  const Policy result = intersect(policy, ceiling);
  EXPECT_TRUE(
      is_cut(result, "/work: read and write becomes read (policy line 3): the ceiling gives read there"));
  EXPECT_TRUE(is_cut(result, "/data: read and write becomes nothing (policy line 4)"));
  EXPECT_TRUE(is_cut(result, "/secret: read becomes nothing"));
  EXPECT_FALSE(is_cut(result, "/usr: "));
}

// What the lists of the intersection give is what both give: at every path, whatever stands above or below
// it.
TEST(Ceiling, FilesProperty) {
  std::mt19937 random(7);
  const Strings names = {"/a", "/a/b", "/a/b/c", "/a/b/c/d", "/a/x", "/b", "/b/y", "/b/y/z"};
  const auto some = [&](std::vector<Path>& list) {
    for (const std::string& name : names)
      if (random() % 4 == 0) list.push_back({name, {}});
  };
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    Policy a, b;
    for (Policy* each : {&a, &b}) {
      some(each->filesystem.read_only);
      some(each->filesystem.read_write);
      if (random() % 2 == 0) some(each->filesystem.no_access);
    }
    const Policy both = intersect(a, b);
    for (const std::string& name : names)
      for (const std::string& path : {name, name + "/below"})
        EXPECT_EQ(listed_access(both.filesystem, path),
                  std::min(listed_access(a.filesystem, path), listed_access(b.filesystem, path)))
            << "round " << i << " at " << path;
  }
}

TEST(Ceiling, Inbound) {
  Policy policy, ceiling;
  policy.inbound = {{80, "tcp", {}, {2, 1}},
                    {81, "tcp", {"10.0.0.0/8"}, {3, 1}},
                    {82, "tcp", {}, {4, 1}},
                    {83, "udp", {}, {}},
                    {84, "tcp", {"10.0.0.0/8"}, {}}};
  ceiling.inbound = {{80, "tcp", {"10.1.0.0/16"}, {}},
                     {81, "tcp", {"10.2.0.0/16", "192.168.0.0/16", "0.0.0.0/0"}, {}},
                     {83, "tcp", {}, {}},
                     {84, "tcp", {"192.168.0.0/16"}, {}}};
  const Policy both = intersect(policy, ceiling);
  ASSERT_EQ(both.inbound.size(), 2u);
  EXPECT_EQ(both.inbound[0].from, Strings{"10.1.0.0/16"});
  EXPECT_EQ(both.inbound[1].from, (Strings{"10.2.0.0/16", "10.0.0.0/8"}));
  EXPECT_TRUE(is_cut(both, "inbound: tcp port 80 (policy line 2)") || is_cut(both, "port 80 is narrowed"));
  EXPECT_TRUE(is_cut(both, "tcp port 82 is cut"));
  EXPECT_TRUE(is_cut(both, "udp port 83 is cut"));
  EXPECT_TRUE(is_cut(both, "tcp port 84 is cut")) << "no range in common";
}

TEST(Ceiling, TheStricterMode) {
  Policy policy, ceiling;
  policy.dns = DnsMode::Open;
  policy.approval = ApprovalMode::Learn;
  ceiling.approval = ApprovalMode::Ask;
  ceiling.landlock.hard_requirement = true;
  ceiling.integrity.files.push_back({"/etc/x", "00", {}});
  const Policy both = intersect(policy, ceiling);
  EXPECT_EQ(both.dns, DnsMode::Policy);
  EXPECT_EQ(both.approval, ApprovalMode::Ask);
  EXPECT_TRUE(both.landlock.hard_requirement);
  EXPECT_EQ(both.integrity.files.size(), 1u);
  policy.dns = DnsMode::Off;
  EXPECT_EQ(intersect(policy, ceiling).dns, DnsMode::Off);
}

TEST(HostCovers, OnlyWhatIsCertain) {
  struct {
    const char *wide, *narrow;
    bool covers;
  } cases[] = {
      {"a.example.test", "a.example.test", true},       {"a.example.test", "*.example.test", false},
      {"*.example.test", "a.example.test", true},       {"*.example.test", "a.b.example.test", false},
      {"**.example.test", "a.b.example.test", true},    {"**.example.test", "*.example.test", true},
      {"*.example.test", "**.example.test", false},     {"**.example.test", "**.b.example.test", true},
      {"**.b.example.test", "**.example.test", false},  {"*.example.test", "*-api.example.test", true},
      {"*-api.example.test", "*.example.test", false},  {"**.example.test", "**.example.test", true},
      {"*.*.example.test", "**.b.example.test", false}, {"**.example.test", "example.test", false},
  };
  for (const auto& each : cases)
    EXPECT_EQ(HostPattern::parse(each.wide)->covers(*HostPattern::parse(each.narrow)), each.covers)
        << each.wide << " and " << each.narrow;
}

}  // namespace
}  // namespace nemoclaw::policy
