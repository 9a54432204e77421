#include <gtest/gtest.h>
#include <stdlib.h>

#include "policy/select/select.h"
#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

class Config : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }
  Result<NodeConfig> load(std::string_view text) {
    EXPECT_TRUE(write_file_atomic(root_ + "/config.yaml", text, 0644));
    return load_node_config(root_ + "/config.yaml");
  }
  std::string root_;
};

TEST_F(Config, EveryKey) {
  auto config = load(
      "default_policy: team\npolicy_directories: [/a, /b/../c]\nannotations: false\nrun_directory: /r\n"
      "log_directory: /l\nstate_directory: /s\nhook_path: /h\nproxy_path: /p\nproxy_user: "
      "web\naudit_fail_closed: false\n"
      "extra_ca_files: [/ca.pem]\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->file, root_ + "/config.yaml");
  EXPECT_EQ(config->default_policy, "team");
  EXPECT_EQ(config->policy_directories, (std::vector<std::string>{"/a", "/c"}));
  EXPECT_FALSE(config->annotations.containers);
  EXPECT_EQ(config->run_directory, "/r");
  EXPECT_EQ(config->log_directory, "/l");
  EXPECT_EQ(config->state_directory, "/s");
  EXPECT_EQ(config->hook_path, "/h");
  EXPECT_EQ(config->proxy_path, "/p");
  EXPECT_EQ(config->proxy_user, "web");
  EXPECT_FALSE(config->audit_fail_closed);
  EXPECT_EQ(config->extra_ca_files, std::vector<std::string>{"/ca.pem"});
}

TEST_F(Config, EmptyIsDefaults) {
  for (const char* text : {"", "# nothing\n", "{}\n"}) {
    auto config = load(text);
    ASSERT_TRUE(config) << '[' << text << "] " << config.error().message;
    EXPECT_EQ(config->default_policy, "default");
    EXPECT_TRUE(config->annotations.containers);
  }
}

TEST_F(Config, MistakesHaveAPlace) {
  struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"defualt_policy: x\n", "config.yaml:1:1: "},
      {"defualt_policy: x\n", "default_policy"},
      {"annotations: maybe\n", "config.yaml:1:14: "},
      {"run_directory: relative\n", "P0120: 'run_directory' must be an absolute path"},
      {"policy_directories: [/a, b]\n", "config.yaml:1:26: "},
      {"default_policy: /etc/x.yaml\n", "P0122: 'default_policy' must be the name of a policy"},
      {"upstream_proxy: p:1\n", "config.yaml:1:17: P0121: 'upstream_proxy' must be http://HOST:PORT"},
      {"upstream_proxy: {no_proxy: [x]}\n", "url"},
      {"upstream_proxy: {url: http://p:1, no_proxy: [ok, 'a b']}\n", "config.yaml:1:50: P0121: 'no_proxy' is no name"},
      {"upstream_proxy: {url: http://p:1, credentials_file: x}\n", "'credentials_file' must be an absolute path"},
      {"upstream_proxy: {url: http://p:1, ask_for: both}\n", "ask_for"},
      {"bindings: {}\n", "config.yaml:1:11: "},
      {"bindings: [{namespace: a}]\n", "policy"},
      {"bindings: [{policy: p}]\n", "a binding without 'namespace', 'pod', 'container' or 'image'"},
      {"bindings: [{policy: /p.yaml, pod: x}]\n",
       "config.yaml:1:21: P0122: 'policy' must be the name of a policy"},
      {"bindings: [{policy: p, pod: ''}]\n", "config.yaml:1:29: P0123: "},
      {"bindings: [{policy: p, containr: x, pod: y}]\n", "did you mean 'container'?"},
      {"annotations: {kubernetes: [{policies: [a]}]}\n", "namespace"},
      {"ceiling: a/b.yaml\n",
       "config.yaml:1:10: P0122: 'ceiling' must be the name of a policy, or an absolute path"},
      {"annotations: {kubernetes: {a: b}}\n", "config.yaml:1:27: "},
      {"- a\n", "config.yaml:1:1: "},
  };
  for (const auto& each : cases) {
    auto config = load(each.text);
    ASSERT_FALSE(config) << each.text;
    EXPECT_NE(config.error().message.find(each.message), std::string::npos) << config.error().message;
  }
}

TEST_F(Config, UpstreamProxyIsAUrlOrAMap) {
  auto config = load("upstream_proxy: http://proxy.corp:3128\nmetrics_listen: 127.0.0.1:9464\n");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->upstream_proxy);
  EXPECT_EQ(config->upstream_proxy->host, "proxy.corp");
  EXPECT_EQ(config->upstream_proxy->port, 3128);
  EXPECT_FALSE(config->upstream_proxy->by_name);
  EXPECT_EQ(config->metrics_listen, "127.0.0.1:9464");
  config = load("upstream_proxy:\n  url: http://10.1.1.1:80\n  credentials_file: /etc/x/../secret\n"
                "  no_proxy: [corp.test, 10.0.0.0/8]\n  ask_for: name\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->upstream_proxy->credentials_file, "/etc/secret");
  EXPECT_EQ(config->upstream_proxy->direct_names, std::vector<std::string>{"corp.test"});
  EXPECT_EQ(config->upstream_proxy->direct_ranges.size(), 1U);
  EXPECT_TRUE(config->upstream_proxy->by_name);
}

TEST_F(Config, BindingsAndAnnotationRules) {
  auto config = load(
      "bindings:\n- {namespace: kube-*, policy: system}\n- pod: web-*\n  container: app\n  image: "
      "\"*/agent:*\"\n"
      "  policy: strict\n"
      "annotations:\n  containers: false\n  kubernetes:\n  - {namespace: team-*, policies: [strict, "
      "\"dev-*\"]}\n");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->bindings.size(), 2u);
  EXPECT_EQ(config->bindings[0].name_space, "kube-*");
  EXPECT_EQ(config->bindings[0].at.line, 2u);
  EXPECT_EQ(config->bindings[1].pod + config->bindings[1].container + config->bindings[1].image,
            "web-*app*/agent:*");
  EXPECT_EQ(config->bindings[1].policy, "strict");
  EXPECT_FALSE(config->annotations.containers);
  ASSERT_EQ(config->annotations.kubernetes.size(), 1u);
  EXPECT_EQ(config->annotations.kubernetes[0].policies, (std::vector<std::string>{"strict", "dev-*"}));
}

TEST_F(Config, AFileThatIsNamedMustExist) {
  auto config = load_node_config(root_ + "/absent.yaml");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("absent.yaml"), std::string::npos) << config.error().message;
}

}  // namespace
}  // namespace nemoclaw::policy
