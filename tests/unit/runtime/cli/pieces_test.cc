// The pure pieces behind the verbs: tables, quantities, users, the exchange with the proxy, sandbox.json.
#include <gtest/gtest.h>

#include "runtime/base/json.h"
#include "runtime/cli/exec_process.h"
#include "runtime/cli/ps_table.h"
#include "runtime/cli/quantity.h"
#include "runtime/cli/sandbox_directory.h"
#include "runtime/cli/sandbox_start.h"
#include "runtime/cli/table.h"

namespace nemoclaw::cli {
namespace {

TEST(Table, ColumnsAsRuncPrintsThem) {
  EXPECT_EQ(render_table({{"ID", "PID", "OWNER"}, {"a-long-container", "1", "root"}}),
            "ID                 PID         OWNER\na-long-container   1           root\n");
}

TEST(Ps, OnlyTheContainersProcesses) {
  const char* output =
      "UID   PID  PPID CMD\nroot    1     0 init\nroot   42     1 sleep 7\nroot  421     1 other\n";
  EXPECT_EQ(*select_ps_rows(output, {7, 42}), "UID   PID  PPID CMD\nroot   42     1 sleep 7\n");
  EXPECT_EQ(*select_ps_rows(output, {}), "UID   PID  PPID CMD\n");
  EXPECT_FALSE(select_ps_rows("CMD\ninit\n", {1}).has_value());
  EXPECT_FALSE(select_ps_rows("", {1}).has_value());
}

TEST(Quantity, Durations) {
  const std::pair<const char*, int64_t> good[] = {
      {"5s", 5000}, {"250ms", 250}, {"1m30s", 90000}, {"1.5s", 1500}, {"2h", 7200000}};
  for (const auto& [text, ms] : good) EXPECT_EQ(*parse_duration_ms(text), ms) << text;
  for (const char* bad : {"", "5", "s", "-5s", "5x", "5s5", "1e99h"})
    EXPECT_FALSE(parse_duration_ms(bad).has_value()) << bad;
}

TEST(Quantity, Bytes) {
  const std::pair<const char*, int64_t> good[] = {
      {"0", 0},     {"-1", -1},    {"1024", 1024}, {"128m", 134217728}, {"2GiB", 2147483648},
      {"1K", 1024}, {"3kb", 3072}, {"7b", 7}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(*parse_bytes(text), bytes) << text;
  for (const char* bad : {"", "m", "-2", "-1m", "1mm", "1x", "9999999999g"})
    EXPECT_FALSE(parse_bytes(bad).has_value()) << bad;
}

TEST(Exec, UserOption) {
  oci::User user;
  user.gid = 5;
  ASSERT_TRUE(apply_user("1000", user).has_value());
  EXPECT_EQ(user.uid, 1000u);
  EXPECT_EQ(user.gid, 5u);
  ASSERT_TRUE(apply_user("7:8", user).has_value());
  EXPECT_EQ(user.gid, 8u);
  for (const char* bad : {"", "web", "1:", ":1", "1:2:3", "-1", "4294967295"})
    EXPECT_FALSE(apply_user(bad, user).has_value()) << bad;
}

TEST(Exec, OptionsChangeTheContainersProcess) {
  oci::EffectiveSpec effective;
  oci::Process& own = effective.spec.process.emplace();
  own.args = {"/bin/server"};
  own.cwd = "/srv";
  own.env = {"A=1"};
  own.terminal = true;
  Arguments arguments;
  arguments.positional = {"web", "id", "-u"};
  arguments.options = {
      {"env", "B=2"}, {"cwd", "/tmp"}, {"user", "3:4"}, {"additional-gids", "5,6"}, {"cap", "CAP_KILL"}};
  const Result<oci::Process> process = make_exec_process(arguments, effective);
  ASSERT_TRUE(process.has_value()) << process.error().message;
  EXPECT_EQ(process->args, (oci::Strings{"id", "-u"}));
  EXPECT_EQ(process->env, (oci::Strings{"A=1", "B=2"}));
  EXPECT_EQ(process->cwd, "/tmp");
  EXPECT_FALSE(process->terminal);
  EXPECT_EQ(process->user.additional_gids, (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(process->capabilities->bounding, (oci::Strings{"CAP_KILL"}));
  EXPECT_TRUE(process->capabilities->ambient.empty());
  arguments.positional = {"web"};
  EXPECT_FALSE(make_exec_process(arguments, effective).has_value());
}

TEST(SandboxStart, OneLineThatNamesAContainerThatJoined) {
  const std::string line = encode_start_request("", "nameserver 10.0.0.1\n", "127.0.0.1 localhost\n");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Result<json::Value> parsed = json::parse(line);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->find("op")->string, "start");
  EXPECT_EQ(parsed->find("resolv_conf")->string, "nameserver 10.0.0.1\n");
  EXPECT_EQ(parsed->find("container"), nullptr);
  EXPECT_EQ(json::parse(encode_start_request("c2", "", ""))->find("container")->string, "c2");
}

TEST(SandboxRecord, TellsWhatTheProxyNeeds) {
  policy::NodeConfig config;
  config.log_directory = "/logs";
  policy::Selected selected;
  selected.policy.name = "default";
  selected.policy.digest = "sha256:00";
  selected.file = "/etc/nemoclaw/policies/default.yaml";
  oci::Spec spec;
  spec.hostname = "web";
  spec.mounts = {{.destination = "/etc/resolv.conf", .type = "bind", .source = "/first"},
                 {.destination = "/etc//resolv.conf", .type = "bind", .source = "/var/resolv.conf"},
                 {.destination = "/etc/hosts", .type = "bind", .source = "etc/hosts"}};
  oci::StateRecord state;
  state.id = state.sandbox_id = "web";
  state.bundle = "/bundle";
  state.cgroup_paths = {"/sys/fs/cgroup/web"};
  const oci::SandboxRecord record =
      make_sandbox_record({&config, &selected, "", "/run/nemoclaw"}, spec, state);
  EXPECT_EQ(record.resolv_conf, "/var/resolv.conf");
  EXPECT_EQ(record.hosts, "/bundle/etc/hosts");
  EXPECT_EQ(record.cgroups, state.cgroup_paths);
  EXPECT_EQ(record.policy_file, selected.file);
  EXPECT_EQ(record.log_directory, "/logs/web");
  EXPECT_EQ(record.hostname, "web");
}

}  // namespace
}  // namespace nemoclaw::cli
