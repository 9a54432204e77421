#include "nemoclaw_source_tree.h"
#include "runtime/oci/spec_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/file.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::oci {
namespace {

const std::string samples = TEST_DATA_DIR "/config";

TEST(SpecReader, RealConfigsReadAndWriteBackToTheSame) {
  const Result<Strings> names = list_directory(samples);
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 10U);
  for (const std::string& name : *names) {
    SCOPED_TRACE(name);
    const Result<std::string> text = read_file(samples + "/" + name);
    ASSERT_TRUE(text);
    const Result<Spec> spec = parse_spec(*text, name);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_TRUE(spec->oci_version.starts_with("1."));
    ASSERT_TRUE(spec->process);
    EXPECT_FALSE(spec->process->args.empty());
    EXPECT_FALSE(spec->mounts.empty());
    EXPECT_FALSE(spec->linux_.namespaces.empty());
    for (const bool indent : {false, true}) {
      const Result<Spec> again = parse_spec(encode_spec(*spec, indent), "written");
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(*again == *spec);
    }
  }
}

// What the manager wrote and what we write back hold the same members, except those that have their default value.
TEST(SpecReader, NothingOfADockerConfigIsLost) {
  const Result<std::string> text = read_file(samples + "/docker-20.10.json");
  ASSERT_TRUE(text);
  const Result<Spec> spec = parse_spec(*text, "docker");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->hooks.prestart.size(), 1U);
  EXPECT_NE(spec->hostname, "");
  EXPECT_NE(spec->linux_.cgroups_path, "");
  ASSERT_TRUE(spec->linux_.seccomp);
  EXPECT_EQ(spec->linux_.seccomp->default_action, "SCMP_ACT_ERRNO");
  EXPECT_GT(spec->linux_.seccomp->syscalls.size(), 5U);
  ASSERT_TRUE(spec->linux_.resources);
  EXPECT_FALSE(spec->linux_.resources->devices.empty());
  ASSERT_TRUE(spec->process->capabilities);
  EXPECT_FALSE(spec->process->capabilities->bounding.empty());
}

constexpr const char* everything = R"({
  "ociVersion": "1.3.0",
  "process": {"terminal": true, "consoleSize": {"height": 24, "width": 80},
    "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [3, 4], "username": "x"},
    "args": ["sh", "-c", "x"], "commandLine": "w", "env": ["A=1"], "cwd": "/",
    "capabilities": {"bounding": ["CAP_KILL"], "effective": [], "inheritable": ["CAP_KILL"], "permitted": [], "ambient": ["CAP_KILL"]},
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1}],
    "noNewPrivileges": true, "apparmorProfile": "a", "oomScoreAdj": -100, "selinuxLabel": "l",
    "scheduler": {"policy": "SCHED_DEADLINE", "nice": -1, "priority": 2, "flags": ["SCHED_FLAG_RECLAIM"], "runtime": 3, "deadline": 4, "period": 5},
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 3}, "execCPUAffinity": {"initial": "0", "final": "1-2"}},
  "root": {"path": "rootfs", "readonly": true}, "hostname": "h", "domainname": "d",
  "mounts": [{"destination": "/m", "type": "bind", "source": "/s", "options": ["rbind"],
    "uidMappings": [{"containerID": 0, "hostID": 1, "size": 2}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 2}]}],
  "hooks": {"prestart": [{"path": "/1", "args": ["a"], "env": ["B=2"], "timeout": 3}], "createRuntime": [{"path": "/2"}],
    "createContainer": [{"path": "/3"}], "startContainer": [{"path": "/4"}], "poststart": [{"path": "/5"}], "poststop": [{"path": "/6"}]},
  "annotations": {"z": "1", "a": ""},
  "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/n"}],
    "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 4294967295}], "gidMappings": [{"containerID": 5, "hostID": 6, "size": 7}],
    "timeOffsets": {"monotonic": {"secs": -3, "nanosecs": 9}},
    "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 2, "fileMode": 438, "uid": 0, "gid": 5}],
    "netDevices": {"eth0": {"name": "eth1"}}, "cgroupsPath": "/c",
    "resources": {"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 0, "minor": 3, "access": "r"}],
      "memory": {"limit": -1, "reservation": 2, "swap": 3, "kernel": 4, "kernelTCP": 5, "swappiness": 0, "disableOOMKiller": false, "useHierarchy": true, "checkBeforeUpdate": true},
      "cpu": {"shares": 1, "quota": -1, "burst": 2, "period": 3, "realtimeRuntime": 4, "realtimePeriod": 5, "cpus": "0-1", "mems": "0", "idle": 1},
      "pids": {"limit": 0},
      "blockIO": {"weight": 10, "leafWeight": 11, "weightDevice": [{"major": 8, "minor": 0, "weight": 12, "leafWeight": 13}],
        "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 1}], "throttleWriteBpsDevice": [{"major": 8, "minor": 2, "rate": 2}],
        "throttleReadIOPSDevice": [{"major": 8, "minor": 3, "rate": 3}], "throttleWriteIOPSDevice": [{"major": 8, "minor": 4, "rate": 4}]},
      "hugepageLimits": [{"pageSize": "2MB", "limit": 9}],
      "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 5}]},
      "rdma": {"mlx5": {"hcaHandles": 1, "hcaObjects": 2}}, "unified": {"memory.high": "max"}},
    "intelRdt": {"closID": "c", "schemata": ["L3:0=f"], "l3CacheSchema": "L3", "memBwSchema": "MB", "enableMonitoring": true},
    "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
    "sysctl": {"net.ipv4.ip_forward": "1"},
    "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
      "listenerPath": "/l", "listenerMetadata": "m",
      "syscalls": [{"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]},
    "rootfsPropagation": "slave", "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"], "mountLabel": "ml",
    "personality": {"domain": "LINUX32", "flags": []}}
})";

// Every member of the document appears again in what is written: none is forgotten in a table.
void expect_contained(const json::Value& before, const json::Value& after, const std::string& at) {
  for (const auto& [name, member] : before.object) {
    const json::Value* found = after.find(name);
    const bool is_default = (member.type == json::Type::Array && member.array.empty()) ||
                            (member.type == json::Type::Integer && member.magnitude == 0 && found == nullptr);
    if (is_default) continue;
    ASSERT_NE(found, nullptr) << at << "." << name;
    expect_contained(member, *found, at + "." + name);
    ASSERT_EQ(member.array.size(), found->array.size()) << at << "." << name;
    for (size_t i = 0; i < member.array.size(); ++i) expect_contained(member.array[i], found->array[i], at + name);
    EXPECT_EQ(member.string, found->string) << at << "." << name;
    EXPECT_EQ(member.magnitude, found->magnitude) << at << "." << name;
    EXPECT_EQ(member.boolean, found->boolean) << at << "." << name;
  }
}

TEST(SpecReader, EveryMemberOfTheSpecificationSurvives) {
  const Result<Spec> spec = parse_spec(everything, "config.json");
  ASSERT_TRUE(spec) << spec.error().message;
  const std::string written = encode_spec(*spec, false);
  const Result<Spec> again = parse_spec(written, "written");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*spec == *again);
  const Result<json::Value> before = json::parse(everything), after = json::parse(written);
  ASSERT_TRUE(before && after);
  expect_contained(*before, *after, "");
  EXPECT_EQ(spec->process->rlimits[0].hard, UINT64_MAX);
  EXPECT_EQ(spec->linux_.resources->memory->limit, -1);
  EXPECT_EQ(spec->linux_.resources->pids_limit, 0);
  EXPECT_EQ(spec->linux_.resources->devices[1].major, 0);
  EXPECT_EQ(spec->linux_.seccomp->syscalls[0].args[0].value, UINT64_MAX);
  EXPECT_EQ(spec->annotations[0].first, "z");
}

TEST(SpecReader, UnknownMembersAndNullAreIgnored) {
  const Result<Spec> spec = parse_spec(
      R"({"ociVersion":"1.9","future":{"a":[1]},"process":null,"linux":{"resources":null,"x":1},"hooks":null})", "c");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_FALSE(spec->process);
  EXPECT_FALSE(spec->linux_.resources);
}

struct Refused {
  const char* text;
  const char* message;
};

TEST(SpecReader, WrongTypesNamePointerAndPosition) {
  const Refused table[] = {
      {"[]", "config.json: expected object, found array (line 1"},
      {"{\"ociVersion\": 1}", "config.json: ociVersion: expected string, found integer (line 1, column 17)"},
      {"{\"linux\":{\"resources\":{\"memory\":\n{\"limit\":\"1g\"}}}}",
       "config.json: linux.resources.memory.limit: expected integer, found string (line 2, column 14)"},
      {R"({"linux":{"resources":{"memory":{"limit":1.5}}}})", "linux.resources.memory.limit: expected integer, found number"},
      {R"({"process":{"args":["a",2]}})", "process.args[1]: expected string, found integer"},
      {R"({"process":{"args":"a"}})", "process.args: expected array, found string"},
      {R"({"process":{"user":{"uid":-1}}})", "process.user.uid: expected an integer from 0 to 4294967295, found -1"},
      {R"({"process":{"user":{"uid":4294967296}}})", "from 0 to 4294967295, found 4294967296"},
      {R"({"process":{"oomScoreAdj":99999999999}})", "process.oomScoreAdj: expected an integer from -2147483648"},
      {R"({"linux":{"resources":{"pids":{"limit":18446744073709551615}}}})", "linux.resources.pids.limit: expected an integer"},
      {R"({"linux":{"resources":{"pids":3}}})", "linux.resources.pids: expected object, found integer"},
      {R"({"linux":{"resources":{"blockIO":{"weight":65536}}}})", "linux.resources.blockIO.weight: expected an integer from 0 to 65535"},
      {R"({"mounts":[{"destination":"/a"},{"destination":true}]})", "mounts[1].destination: expected string, found boolean"},
      {R"({"annotations":{"a":{}}})", "annotations.a: expected string, found object"},
      {R"({"annotations":{"a\nb":1}})", "annotations.a\\x0ab: expected string"},
      {R"({"process":{"terminal":"yes"}})", "process.terminal: expected boolean, found string"},
      {R"({"process":{"cwd":"/a\u0000b"}})", "process.cwd: a string may not contain a NUL"},
      {R"({"hostname":"a","hostname":"b"})", "config.json: line 1, column"},
      {"{\"hostname\":\"\xff\xfe\"}", "config.json: line 1"},
      {"{\"hostname\":\"a\"", "config.json: line 1"},
      {"", "config.json: line 1"},
      {"{} {}", "config.json: line 1"},
  };
  for (const Refused& each : table) {
    SCOPED_TRACE(each.text);
    const Result<Spec> spec = parse_spec(each.text, "config.json");
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(each.message), std::string::npos) << spec.error().message;
    EXPECT_TRUE(spec.error().message.starts_with("config.json: "));
  }
}

TEST(SpecReader, EveryTruncationOfARealConfigIsRefused) {
  const Result<std::string> text = read_file(samples + "/podman-4.3.json");
  ASSERT_TRUE(text);
  const size_t end = text->rfind('}');
  for (size_t length = 0; length < end; length += 37)
    EXPECT_FALSE(parse_spec(std::string_view(*text).substr(0, length), "c")) << length;
}

TEST(SpecReader, DeepNestingIsRefused) {
  for (const size_t depth : {100U, 100'000U}) {
    const std::string text = "{\"x\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    const Result<Spec> spec = parse_spec(text, "config.json");
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("nested deeper"), std::string::npos) << spec.error().message;
  }
}

TEST(SpecReader, AMissingFileSaysWhatABundleNeeds) {
  char folder[] = "/tmp/nemoclaw-spec-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const Result<Spec> missing = read_spec(folder);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "open '" + std::string(folder) +
                                         "/config.json': no such file or directory: a bundle directory must hold "
                                         "config.json (make one with: nemoclaw-runtime spec)");
  const std::string file = std::string(folder) + "/config.json";
  ASSERT_TRUE(write_file_atomic(file, everything, 0600));
  EXPECT_TRUE(read_spec(folder));
  ASSERT_EQ(truncate(file.c_str(), 17 << 20), 0);
  EXPECT_FALSE(read_spec(folder));  // larger than any config
  ASSERT_TRUE(remove_tree(folder));
}

TEST(SpecReader, ProcessAndResourcesAlone) {
  const Result<Process> process = parse_process(R"({"args":["id"],"cwd":"/","user":{"uid":7,"gid":8}})", "process.json");
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_EQ(process->user.uid, 7U);
  const Result<Process> bad = parse_process(R"({"env":{}})", "process.json");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().message.starts_with("process.json: env: expected array, found object"));
  const Result<Resources> resources = parse_resources(R"({"memory":{"limit":5},"pids":{"limit":-1}})", "r");
  ASSERT_TRUE(resources);
  EXPECT_EQ(resources->memory->limit, 5);
  EXPECT_EQ(resources->pids_limit, -1);
}

TEST(SpecReader, DecodeSpecPrefixesThePointer) {
  const Result<json::Value> tree = json::parse(R"({"root":{"path":1}})");
  ASSERT_TRUE(tree);
  const Result<Spec> spec = decode_spec(*tree, "effective");
  ASSERT_FALSE(spec);
  EXPECT_TRUE(spec.error().message.starts_with("effective.root.path: expected string")) << spec.error().message;
}

TEST(SpecReader, NamesMatchInAnyCaseWhenNoExactOneIsThere) {
  const Result<Spec> spec = parse_spec(R"({"ociVersion": "1.0.0", "Linux": {"maskedpaths": ["/a"], "Resources":
    {"CPU": {"Cpus": "0", "cpus": "1"}}}})",
                                       "config.json");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->linux_.masked_paths, Strings{"/a"});
  EXPECT_EQ(spec->linux_.resources->cpu->cpus, "1");
}

}  // namespace
}  // namespace nemoclaw::oci
