#include <gtest/gtest.h>

#include "policy/compile/environment.h"
#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

class Exec : public testing::Test {
 protected:
  void SetUp() override {
    policy_.process.capabilities = {"CAP_KILL"};
    Credential credential;
    credential.secret = "api-token";
    credential.variable = "API_TOKEN";
    policy_.credentials = {credential};
    spec_.process->apparmor_profile = "docker-default";
    compile_now();
    wanted_.args = {"sh"};
    wanted_.cwd = "/";
    wanted_.env = {"PATH=/evil", "LD_PRELOAD=/evil.so", "HOME=/root", "https_proxy=http://other:1", "MINE=1"};
    oci::Strings all = {"CAP_KILL", "CAP_SYS_ADMIN", "CAP_CHOWN"};
    wanted_.capabilities = oci::Capabilities{all, all, all, all, all};
    wanted_.rlimits = {{"RLIMIT_NPROC", 100000, 100000}, {"RLIMIT_STACK", 5, 5}};
    wanted_.apparmor_profile = "unconfined";
  }
  void compile_now() {
    auto compiled = compile(policy_, spec_, debian_like_facts());
    ASSERT_TRUE(compiled) << error_of(compiled);
    effective_ = compiled->effective;
  }
  oci::Process narrowed() {
    auto process = narrow_exec_process(effective_, wanted_);
    EXPECT_TRUE(process);
    return *process;
  }

  Policy policy_{.name = "test"};
  oci::Spec spec_ = docker_like_spec();
  oci::EffectiveSpec effective_;
  oci::Process wanted_;
};

TEST_F(Exec, GetsNoMoreThanTheFirstProcess) {
  const oci::Process process = narrowed();
  EXPECT_EQ(process.user.uid, 10001u);
  EXPECT_EQ(process.user.gid, 10001u);
  EXPECT_EQ(process.capabilities->bounding, oci::Strings{"CAP_KILL"});
  EXPECT_EQ(process.capabilities->effective, oci::Strings{"CAP_KILL"});
  EXPECT_TRUE(process.capabilities->ambient.empty());
  EXPECT_TRUE(process.no_new_privileges);
  EXPECT_EQ(process.apparmor_profile, "docker-default");
  EXPECT_EQ(process.rlimits[0].hard, 512u);
  EXPECT_EQ(process.rlimits[1].hard, 5u);
  EXPECT_EQ(process.rlimits[2].type, "RLIMIT_CORE");
  EXPECT_EQ(process.args, wanted_.args);
}

TEST_F(Exec, EnvironmentIsTheContainersWhereItMatters) {
  const oci::Strings env = narrowed().env;
  EXPECT_EQ(*find_variable(env, "PATH"), "PATH=" + std::string(default_path));
  EXPECT_EQ(find_variable(env, "LD_PRELOAD"), nullptr);
  EXPECT_EQ(*find_variable(env, "HOME"), "HOME=/sandbox");
  EXPECT_EQ(*find_variable(env, "https_proxy"), "https_proxy=http://127.0.0.1:3128");
  EXPECT_EQ(*find_variable(env, "API_TOKEN"), "API_TOKEN=nemoclaw:secret:api-token");
  EXPECT_TRUE(contains(env, "MINE=1"));
}

TEST_F(Exec, OtherUsersOnlyWhereTheContainerStartsAsRoot) {
  for (uint32_t uid : {0u, 1000u, 10001u}) {
    wanted_.user.uid = uid;
    EXPECT_EQ(narrowed().user.uid, 10001u);
  }
  policy_.process.start_as_root = true;
  compile_now();
  for (uint32_t uid : {0u, 1000u}) {
    wanted_.user.uid = uid;
    EXPECT_EQ(narrowed().user.uid, uid);
  }
}

TEST_F(Exec, ProxyVariablesAreLeftAloneWhereThePolicyLeavesThem) {
  policy_.proxy_environment = false;
  compile_now();
  EXPECT_EQ(*find_variable(narrowed().env, "https_proxy"), "https_proxy=http://other:1");
}

TEST_F(Exec, APolicyWithoutANameStillConfines) {
  effective_.policy_name.clear();
  effective_.policy_digest = "sha256:00";
  EXPECT_EQ(narrowed().user.uid, 10001u);
}

TEST_F(Exec, WithoutAPolicyNothingChanges) {
  effective_.policy_name.clear();
  effective_.policy_digest.clear();
  const oci::Process process = narrowed();
  EXPECT_EQ(process.user.uid, 0u);
  EXPECT_EQ(process.capabilities->bounding.size(), 3u);
  EXPECT_EQ(process.env, wanted_.env);
}

}  // namespace
}  // namespace nemoclaw::policy
