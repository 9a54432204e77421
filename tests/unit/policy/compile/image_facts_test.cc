#include "policy/compile/image_facts.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/unit/policy/compile/fixture.h"

namespace nemoclaw::policy {
namespace {

class ImageFacts : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-image-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    put("/etc/passwd", "node:x:1000:1000::/home/node:/bin/sh\n", 0644);
    put("/usr/bin/node", "ELF", 0755);
    put("/usr/bin/env", "ELF", 0755);
    put("/usr/bin/sub/tool", "ELF", 0755);
    put("/app/start", "#!/usr/bin/env node\n", 0755);
    put("/lib/ld-musl-x86_64.so.1", "ELF", 0755);
    ASSERT_EQ(symlink("usr/bin", (root_ + "/bin").c_str()), 0);
    ASSERT_EQ(symlink("/../../../../etc", (root_ + "/escape").c_str()), 0);
    ASSERT_EQ(symlink("/", (root_ + "/tmp").c_str()), 0);
    spec_.process->args = {"/app/start"};
    spec_.process->cwd = "/app";
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }

  void put(const std::string& path, const char* content, mode_t mode) {
    ASSERT_TRUE(make_directories(directory_name(root_ + path), 0755));
    ASSERT_TRUE(write_file_atomic(root_ + path, content, mode));
  }
  Facts gather() {
    auto facts = gather_facts(policy_, spec_, root_, inputs_);
    EXPECT_TRUE(facts) << (facts ? "" : facts.error().message);
    return facts ? *facts : Facts{};
  }

  std::string root_;
  Policy policy_;
  oci::Spec spec_ = docker_like_spec();
  HostInputs inputs_{"id", "/hook", "", "/run/x", 5};
};

TEST_F(ImageFacts, CommandAndItsInterpreters) {
  Facts facts = gather();
  EXPECT_EQ(facts.command, "/app/start");
  EXPECT_EQ(facts.interpreters, (std::vector<std::string>{"/usr/bin/env", "/usr/bin/node"}));
  EXPECT_EQ(facts.loaders, std::vector<std::string>{"/lib/ld-musl-x86_64.so.1"});
  EXPECT_EQ(facts.landlock_abi, 5);
  spec_.process->args = {"node"};
  EXPECT_EQ(gather().command, "/usr/bin/node");
  spec_.process->args = {"./start"};
  EXPECT_EQ(gather().command, "/app/start");
  spec_.process->args = {"absent"};
  EXPECT_EQ(gather().command, "");
}

TEST_F(ImageFacts, LinksStayInside) {
  policy_.filesystem.read_only = {{"/bin", {}}, {"/escape/passwd", {}}, {"/absent", {}}};
  policy_.filesystem.read_write = {{"/tmp", {}}};
  Facts facts = gather();
  EXPECT_TRUE(contains(facts.existing_paths, "/bin"));
  EXPECT_TRUE(contains(facts.existing_paths, "/escape/passwd")) << "of the image, not of the host";
  EXPECT_FALSE(contains(facts.existing_paths, "/absent"));
  EXPECT_EQ(resolved_in_image(facts, "/bin"), "/usr/bin");
  EXPECT_EQ(resolved_in_image(facts, "/escape/passwd"), "/etc/passwd");
  EXPECT_EQ(resolved_in_image(facts, "/tmp"), "/");
}

TEST_F(ImageFacts, PasswdOfTheImageOrOfTheManager) {
  EXPECT_NE(gather().passwd.find("node:"), std::string::npos);
  EXPECT_EQ(gather().group, "");
  put("/managers-passwd", "other:x:5:5::/:/\n", 0644);
  spec_.mounts.push_back({"/etc/passwd", "bind", root_ + "/managers-passwd", {"bind"}, {}, {}});
  EXPECT_EQ(gather().passwd, "other:x:5:5::/:/\n");
}

TEST_F(ImageFacts, AccountFilesThatAreNoFilesAreErrors) {
  ASSERT_EQ(mkfifo((root_ + "/etc/group").c_str(), 0644), 0);
  auto facts = gather_facts(policy_, spec_, root_, inputs_);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().message, "the image's /etc/group: '/etc/group' is not a regular file");
}

TEST_F(ImageFacts, ExecuteGlobs) {
  struct {
    const char* pattern;
    std::vector<std::string> paths;
  } cases[] = {
      {"/usr/bin/node", {"/usr/bin/node"}}, {"/usr/bin/*", {"/usr/bin/env", "/usr/bin/node", "/usr/bin/sub"}},
      {"/usr/bin/n?de", {"/usr/bin/node"}}, {"/usr/**/tool", {"/usr/bin/sub/tool"}},
      {"**/node", {"/usr/bin/node"}},       {"/absent/*", {}},
  };
  for (const auto& each : cases) {
    policy_.filesystem.execute = std::vector<Path>{Path{each.pattern, {}}};
    std::vector<std::string> found;
    for (const auto& [pattern, path] : gather().execute_matches) found.push_back(path);
    EXPECT_EQ(found, each.paths) << each.pattern;
  }
}

TEST_F(ImageFacts, TheHostsOwnNamespacesAreRecognised) {
  EXPECT_FALSE(gather().network_is_host);
  for (oci::Namespace& each : spec_.linux_.namespaces) {
    if (each.type == "network") each.path = "/proc/self/ns/net";
    if (each.type == "pid") each.path = "/proc/" + std::to_string(getpid()) + "/ns/pid";
  }
  EXPECT_TRUE(gather().network_is_host);
  EXPECT_TRUE(gather().pid_is_host);
}

}  // namespace
}  // namespace nemoclaw::policy
