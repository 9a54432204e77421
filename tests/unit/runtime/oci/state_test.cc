#include "runtime/oci/state.h"

#include <gtest/gtest.h>

#include "runtime/base/json.h"
#include "runtime/oci/features.h"
#include "runtime/oci/sandbox_record.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::oci {
namespace {

StateRecord sample() {
  StateRecord record;
  record.id = "web";
  record.oci_version = "1.3.0";
  record.bundle = "/b";
  record.rootfs = "/b/rootfs";
  record.init_pid = 77;
  record.init_start_time = 123456789012345;
  record.created = "2026-01-02T03:04:05.123456789Z";
  record.owner = "root";
  record.cgroup_paths = {"/sys/fs/cgroup/a", "/sys/fs/cgroup/b"};
  record.cgroup_driver = "v1";
  record.namespace_paths = {{"pid", "/proc/77/ns/pid"}};
  record.annotations = {{"k", "v"}};
  record.protections = {{"landlock", "partial", "ABI 3"}};
  record.policy_name = "base";
  record.policy_digest = "sha256:00";
  record.sandbox_id = "web";
  record.rootless = true;
  record.later = LaterVerbs{true, true, false, {}};
  record.later->hooks.poststop.push_back({.path = "/bin/h", .args = {"h", "x"}});
  return record;
}

TEST(State, RecordSurvives) {
  const Result<StateRecord> again = decode_state_record(encode_state_record(sample()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == sample());
}

TEST(State, LaterVerbsNeedLittleOfTheSpec) {
  Spec spec;
  EXPECT_EQ(later_verbs(spec), LaterVerbs{});
  spec.process.emplace();
  spec.linux_.intel_rdt.emplace();
  spec.hooks.prestart.push_back({.path = "/bin/early"});
  spec.hooks.poststart.push_back({.path = "/bin/started"});
  spec.hooks.poststop.push_back({.path = "/bin/late"});
  const LaterVerbs later = later_verbs(spec);
  EXPECT_TRUE(later.has_process && later.class_of_service && !later.own_pids);
  EXPECT_TRUE(later.hooks.prestart.empty());
  EXPECT_EQ(later.hooks.poststart[0].path + later.hooks.poststop[0].path, "/bin/started/bin/late");
}

TEST(State, OtherRuntimesFilesAreRefused) {
  for (const char* text : {"{}", R"({"id":"x"})", R"({"id":"x","init_process_pid":3})", "[]", "", "{\"id\":3}",
                           R"({"id":"x","bundle":"/b","initPid":"7"})"})
    EXPECT_FALSE(decode_state_record(text)) << text;
}

TEST(State, HooksGetThePlainForm) {
  EXPECT_EQ(encode_state(sample(), Status::Creating, false),
            R"({"ociVersion":"1.3.0","id":"web","pid":77,"status":"creating","bundle":"/b","annotations":{"k":"v"}})");
}

TEST(State, ExtendedFormHasRuncsMembersAndOurs) {
  const Result<json::Value> state = json::parse(encode_state(sample(), Status::Running, true));
  ASSERT_TRUE(state);
  for (const char* name : {"ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"})
    EXPECT_NE(state->find(name), nullptr) << name;
  EXPECT_EQ(state->find("status")->string, "running");
  const json::Value* ours = state->find("nemoclaw");
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(ours->find("policy")->string, "base");
  EXPECT_EQ(ours->find("sandbox")->string, "web");
  EXPECT_EQ(ours->find("protections")->array.at(0).find("reason")->string, "ABI 3");
}

TEST(State, WithoutAPolicyItLooksLikeRuncs) {
  StateRecord record = sample();
  record.policy_name = "";
  const Result<json::Value> state = json::parse(encode_state(record, Status::Stopped, true));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->find("nemoclaw"), nullptr);
  EXPECT_EQ(state->find("pid")->integer, 0);
}

TEST(EffectiveSpec, Survives) {
  EffectiveSpec effective;
  effective.spec = default_spec(false, 0, 0);
  effective.landlock.enabled = true;
  effective.landlock.connect_tcp = {443, 65535};
  effective.landlock.scope_signals = true;
  effective.landlock.rules = {{"/usr", PathAccess::ReadExecute, true, false},
                              {"/dev/null", PathAccess::DeviceReadWrite, false, true},
                              {"/etc", PathAccess::Read, false, false},
                              {"/tmp", PathAccess::ReadWrite, false, false},
                              {"/opt", PathAccess::ReadWriteExecute, false, false}};
  effective.extra_seccomp.resize(1);
  effective.extra_seccomp[0].default_action = "SCMP_ACT_ALLOW";
  effective.supplied_files = {{"/etc/passwd", std::string("r\xc3\xa9\xff\0x", 6), 0600}, {"/a", "text\n\"", 0444}};
  effective.supplied_directories = {"/sandbox"};
  effective.protections = {{"network", "full", ""}};
  effective.policy_name = "p";
  effective.policy_digest = "sha256:1";
  effective.sandbox_id = "s";
  const Result<EffectiveSpec> again = decode_effective_spec(encode_effective_spec(effective));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == effective);
  EXPECT_EQ(again->supplied_files[0].content.size(), 6U);
}

TEST(EffectiveSpec, UnknownAccessIsRefused) {
  const Result<EffectiveSpec> bad =
      decode_effective_spec(R"({"landlock":{"rules":[{"path":"/","access":"all"}]},"spec":{}})");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().message.starts_with("effective.json: landlock.rules[0].access: unknown value 'all'"))
      << bad.error().message;
}

TEST(SandboxRecord, Survives) {
  SandboxRecord record{.id = "a", .created = "t", .container_ids = {"a", "b"}, .runtime_root = "/r", .bundle = "/b",
                       .rootfs = "/f", .image = "i", .hostname = "h", .policy = "p", .policy_digest = "d",
                       .policy_file = "/p", .cgroups = {"/c"}, .log_directory = "/l", .resolv_conf = "/rc",
                       .hosts = "/h", .config_file = "/cf"};
  const Result<SandboxRecord> again = decode_sandbox_record(encode_sandbox_record(record));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == record);
  EXPECT_FALSE(decode_sandbox_record("{}"));
}

TEST(Features, SaysWhatManagersLookFor) {
  const Result<json::Value> features = json::parse(encode_features());
  ASSERT_TRUE(features) << features.error().message;
  EXPECT_EQ(features->find("ociVersionMin")->string, "1.0.0");
  const json::Value* section = features->find("linux");
  ASSERT_NE(section, nullptr);
  for (const char* name : {"namespaces", "capabilities", "cgroup", "seccomp", "apparmor", "selinux", "intelRdt"})
    EXPECT_NE(section->find(name), nullptr) << name;
  EXPECT_TRUE(section->find("cgroup")->find("v1")->boolean);
  EXPECT_TRUE(section->find("seccomp")->find("enabled")->boolean);
  EXPECT_EQ(section->find("capabilities")->array.at(0).string, "CAP_CHOWN");
  EXPECT_EQ(features->find("potentiallyUnsafeConfigAnnotations")->array.at(0).string, "ai.nemoclaw.");
  EXPECT_EQ(features->find("hooks")->array.size(), 6U);
}

TEST(DefaultSpec, RootlessLeavesOutWhatAUserCannotHave) {
  const Spec root = default_spec(false, 0, 0), user = default_spec(true, 1000, 1001);
  EXPECT_NE(root.linux_.find_namespace("network"), nullptr);
  EXPECT_EQ(user.linux_.find_namespace("network"), nullptr);
  EXPECT_NE(user.linux_.find_namespace("user"), nullptr);
  EXPECT_EQ(user.linux_.gid_mappings.at(0).host_id, 1001U);
  EXPECT_FALSE(user.linux_.resources);
  EXPECT_EQ(root.process->args, Strings{"sh"});
  EXPECT_TRUE(root.process->terminal);
  EXPECT_TRUE(root.root.readonly);
  EXPECT_EQ(root.linux_.readonly_paths.size(), 5U);
}

}  // namespace
}  // namespace nemoclaw::oci
