#include "runtime/init/launch_plan.h"

#include <gtest/gtest.h>

#include "runtime/init/handshake.h"
#include "runtime/init/program.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::init {
namespace {

oci::Seccomp profile(const char* default_action, std::vector<oci::SeccompRule> rules) {
  oci::Seccomp seccomp;
  seccomp.default_action = default_action;
  seccomp.syscalls = std::move(rules);
  return seccomp;
}

TEST(FilterOrder, TheOneThatForbidsSeccompIsLast) {
  const oci::Seccomp strict = profile("SCMP_ACT_ERRNO", {{{"read"}, "SCMP_ACT_ALLOW", {}, {}}});
  const oci::Seccomp docker = profile("SCMP_ACT_ERRNO", {{{"read", "seccomp"}, "SCMP_ACT_ALLOW", {}, {}}});
  const std::vector<oci::Seccomp> more = {docker};
  const auto order = filter_order(&strict, more);
  ASSERT_TRUE(order);
  EXPECT_EQ(*order, (std::vector<const oci::Seccomp*>{&more[0], &strict}));
  const std::vector<oci::Seccomp> also_strict = {strict};
  EXPECT_FALSE(filter_order(&strict, also_strict));
  EXPECT_EQ(filter_order(&docker, more)->at(0), &docker);
  EXPECT_TRUE(filter_order(nullptr, {})->empty());
}

TEST(FilterOrder, AllowsCall) {
  EXPECT_TRUE(allows_call(profile("SCMP_ACT_ALLOW", {}), "seccomp"));
  EXPECT_FALSE(allows_call(profile("SCMP_ACT_ALLOW", {{{"seccomp"}, "SCMP_ACT_ERRNO", {}, {}}}), "seccomp"));
  EXPECT_FALSE(allows_call(
      profile("SCMP_ACT_ERRNO", {{{"seccomp"}, "SCMP_ACT_ALLOW", {}, {{0, 1, 0, "SCMP_CMP_EQ"}}}}),
      "seccomp"));
  EXPECT_TRUE(allows_call(profile("SCMP_ACT_KILL", {{{"seccomp"}, "SCMP_ACT_LOG", {}, {}}}), "seccomp"));
}

TEST(ContainerPlan, RefusesWhatCannotWork) {
  oci::EffectiveSpec effective;
  effective.spec = oci::default_spec(false, 0, 0);
  effective.spec.process->terminal = false;
  LaunchRequest request;
  request.effective = &effective;
  request.bundle = "/b";
  request.rootfs = "/b/rootfs";
  request.state_directory = "/s";
  const auto message = [&] {
    const Result<ContainerPlan> plan = plan_container(request, {});
    return plan ? std::string() : plan.error().message;
  };
  EXPECT_EQ(message(), "");
  effective.spec.process->terminal = true;
  EXPECT_EQ(message(),
            "process.terminal: a terminal needs --console-socket (or a caller that keeps the terminal)");
  effective.spec.process->terminal = false;
  effective.spec.process->cwd = "relative";
  EXPECT_EQ(message(), "process.cwd: must be an absolute path");
  effective.spec.process->cwd = "/";
  effective.spec.process->args = {};
  EXPECT_EQ(message(), "process.args: a program is needed");
  effective.spec.process->args = {"sh"};
  std::erase_if(effective.spec.linux_.namespaces,
                [](const oci::Namespace& each) { return each.type == "uts"; });
  EXPECT_EQ(message(), "hostname: needs a uts namespace, or it would rename the host");
  effective.spec.hostname.clear();
  effective.spec.process.reset();
  EXPECT_EQ(message(), "") << "a container may be created without a process";
}

TEST(ContainerPlan, SuppliedFilesAndDirectoriesAreMounts) {
  oci::EffectiveSpec effective;
  effective.spec = oci::default_spec(false, 0, 0);
  effective.spec.process->terminal = false;
  effective.spec.process->user.uid = 7;
  effective.supplied_files = {{"/etc/a", "x", 0444}};
  effective.supplied_directories = {"/home/u"};
  LaunchRequest request;
  request.effective = &effective;
  request.state_directory = "/s";
  const Result<ContainerPlan> plan = plan_container(request, {});
  ASSERT_TRUE(plan);
  const auto& steps = plan->mounts.steps;
  EXPECT_EQ(steps[steps.size() - 2].source, "/s/supplied/0");
  EXPECT_TRUE(steps[steps.size() - 2].options.read_only());
  EXPECT_EQ(steps.back().options.data, (oci::Strings{"size=64m", "mode=0700", "uid=7", "gid=0"}));
}

TEST(Handshake, FailuresSurviveTheWay) {
  const Error error = decode_failure(encode_failure("mounts", Error{13, "mount '/a\nb': x", 255}));
  EXPECT_EQ(error.errno_value, 13);
  EXPECT_EQ(error.exit_code, 255);
  EXPECT_EQ(error.message, "mount '/a\nb': x");
  EXPECT_EQ(decode_failure("{\"mess").message, "the container's process failed: '{\"mess'");
}

TEST(Handshake, ProtectionsSurviveTheWay) {
  const std::vector<oci::Protection> read =
      decode_protections(encode_protections({{"landlock", "partial", "no \"x\""}}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].reason, "no \"x\"");
  EXPECT_TRUE(decode_protections("[]").empty());
}

TEST(Program, EnvironmentValue) {
  const oci::Strings env = {"PATH=/a", "PATHS=/c", "PATH=/b", "EMPTY="};
  EXPECT_STREQ(environment_value(env, "PATH"), "/b");
  EXPECT_EQ(environment_value(env, "PAT"), nullptr);
  EXPECT_STREQ(environment_value(env, "EMPTY"), "");
}

}  // namespace
}  // namespace nemoclaw::init
