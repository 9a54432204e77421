#include "nemoclaw_source_tree.h"
#include "policy/select/select.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "policy/parse/parse.h"
#include "policy/select/sandbox_policy.h"
#include "runtime/base/file.h"
#include "runtime/base/sha256.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* minimal = "version: 1\n";
constexpr const char* preset = "preset: {name: web, description: The web.}\nnetwork_policies: {}\n";

class Select : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nemoclaw-select-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    put("/first/default.yaml", minimal);
    put("/first/team.yaml", "version: 1\n# team\n");
    put("/second/team.yaml", "version: 1\n# hidden by the first directory\n");
    put("/second/other.yaml", "version: 1\n# other\n");
    put("/second/web.yaml", preset);
    put("/second/broken.yaml", "version: 1\nnetwrok_policies: {}\nprocess: 3\n");
    put("/second/.hidden.yaml", minimal);
    config_.policy_directories = {root_ + "/first", root_ + "/absent", root_ + "/second"};
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }

  void put(const std::string& path, const char* content) {
    ASSERT_TRUE(make_directories((root_ + path).substr(0, (root_ + path).rfind('/')), 0755));
    ASSERT_TRUE(write_file_atomic(root_ + path, content, 0644));
  }
  Selected choose(std::optional<std::string> command_line) {
    auto selected = select_policy(config_, command_line, spec_);
    EXPECT_TRUE(selected) << (selected ? "" : selected.error().message);
    return selected && selected->has_value() ? **selected : Selected{};
  }
  std::string refusal(std::optional<std::string> command_line) {
    auto selected = select_policy(config_, command_line, spec_);
    EXPECT_FALSE(selected);
    return selected ? "" : selected.error().message;
  }
  void annotate(std::string value) { spec_.annotations = {{"ai.nemoclaw.policy", std::move(value)}}; }

  std::string root_;
  NodeConfig config_;
  oci::Spec spec_;
};

TEST_F(Select, Precedence) {
  EXPECT_EQ(choose({}).policy.name, "default");
  EXPECT_EQ(choose({}).source, "default");
  annotate("team");
  EXPECT_EQ(choose({}).file, root_ + "/first/team.yaml");
  EXPECT_EQ(choose({}).source, "annotation");
  EXPECT_EQ(choose("other").policy.name, "other");
  EXPECT_EQ(choose("other").source, "command line");
}

TEST_F(Select, NoneIsForTheCommandLineOnly) {
  auto none = select_policy(config_, "none", spec_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  annotate("none");
  EXPECT_NE(refusal({}).find("there is no policy 'none'"), std::string::npos);
}

TEST_F(Select, FilesByPath) {
  put("/mine.yaml", "version: 1\n# mine\n");
  Selected selected = choose(root_ + "/mine.yaml");
  EXPECT_EQ(selected.policy.name, "mine");
  EXPECT_EQ(selected.text, "version: 1\n# mine\n");
  EXPECT_EQ(selected.policy.digest, "sha256:" + sha256_hex(selected.text));
  EXPECT_NE(refusal(root_ + "/absent.yaml").find("absent.yaml"), std::string::npos);
}

TEST_F(Select, UnknownNamesListTheKnown) {
  std::string message = refusal("tema");
  EXPECT_NE(message.find("there is no policy 'tema'; known are: broken, default, "), std::string::npos)
      << message;
  // Between them may stand what the build tree ships.
  size_t at = 0;
  for (const char* name : {" broken,", " default,", " other,", " team,", " web"}) {
    at = message.find(name, at);
    ASSERT_NE(at, std::string::npos) << name << " in " << message;
  }
  config_.default_policy = "gone";
  EXPECT_NE(refusal({}).find("default: there is no policy 'gone'"), std::string::npos);
}

TEST_F(Select, AnnotationsAreNamesOrDigests) {
  for (const char* value : {"../first/team", "/etc/passwd", "team.yaml/", "", ".hidden", "a b"}) {
    annotate(value);
    EXPECT_NE(refusal({}).find("annotation ai.nemoclaw.policy: "), std::string::npos) << value;
  }
  annotate("sha256:" + sha256_hex("version: 1\n# other\n"));
  EXPECT_EQ(choose({}).policy.name, "other");
  annotate("sha256:00");
  EXPECT_NE(refusal({}).find("no installed policy has the digest 'sha256:00'"), std::string::npos);
}

TEST_F(Select, AnnotationsWhereTheNodeForbidsThem) {
  config_.annotations.containers = false;
  annotate("team");
  EXPECT_NE(refusal({}).find("does not allow containers to choose"), std::string::npos);
  EXPECT_EQ(choose("other").policy.name, "other");
}

TEST_F(Select, BindingsComeBeforeAnnotations) {
  config_.file = "/c.yaml";
  config_.bindings.push_back({"prod", "", "", "", "other", {3, 1}});
  annotate("team");
  EXPECT_EQ(choose({}).source, "annotation") << "not in Kubernetes, so nothing is bound";
  spec_.annotations.emplace_back("io.kubernetes.cri.sandbox-namespace", "prod");
  EXPECT_EQ(choose({}).policy.name, "other");
  EXPECT_EQ(choose({}).source, "binding");
  EXPECT_EQ(choose("team").source, "command line");
  config_.bindings[0].policy = "gone";
  EXPECT_NE(refusal({}).find("/c.yaml:3: binding: there is no policy 'gone'; known are: "), std::string::npos)
      << refusal({});
}

TEST_F(Select, PodsChooseWhatTheirNamespaceMay) {
  annotate("team");
  spec_.annotations.emplace_back("io.kubernetes.cri.sandbox-namespace", "dev");
  EXPECT_NE(refusal({}).find("namespace 'dev' may not choose 'team'"), std::string::npos) << refusal({});
  config_.annotations.kubernetes = {{"d*", {"other", "te*"}}};
  EXPECT_EQ(choose({}).policy.name, "team");
  annotate("default");
  spec_.annotations.emplace_back("io.kubernetes.cri.sandbox-namespace", "dev");
  EXPECT_NE(refusal({}).find("may not choose 'default'"), std::string::npos);
  annotate("other");
  spec_.annotations.emplace_back("io.kubernetes.cri.sandbox-namespace", "prod");
  EXPECT_NE(refusal({}).find("namespace 'prod' may not choose 'other'"), std::string::npos);
}

TEST_F(Select, TheCeilingIsAboveWhateverIsSelected) {
  put("/first/house.yaml", "version: 1\nprocess: {max_processes: 7}\n");
  EXPECT_EQ(choose({}).policy.ceiling, nullptr);
  for (const std::string& ceiling : {std::string("house"), root_ + "/first/house.yaml"}) {
    config_.ceiling = ceiling;
    const Selected selected = choose("team");
    ASSERT_NE(selected.policy.ceiling, nullptr);
    EXPECT_EQ(selected.policy.process.max_processes, 7u);
    EXPECT_EQ(selected.policy.ceiling->policy.name, "house");
    EXPECT_EQ(selected.ceiling_text, "version: 1\nprocess: {max_processes: 7}\n");
    EXPECT_EQ(selected.text, "version: 1\n# team\n");
  }
  auto none = select_policy(config_, "none", spec_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  config_.ceiling = "gone";
  EXPECT_NE(refusal({}).find("ceiling: there is no policy 'gone'"), std::string::npos);
  config_.ceiling = "web";
  EXPECT_NE(refusal({}).find("is a preset"), std::string::npos);
}

TEST_F(Select, ASandboxIsReadWithItsCeilingOrNotAtAll) {
  const std::string policy = "version: 1\n", ceiling = "version: 1\nprocess: {max_processes: 7}\n";
  oci::SandboxRecord record;
  record.policy_digest = "sha256:" + sha256_hex(policy);
  put("/sb/policy.yaml", policy.c_str());
  auto read = read_sandbox_policy(root_ + "/sb", record);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->ceiling, nullptr);
  record.ceiling = "house";
  record.ceiling_digest = "sha256:" + sha256_hex(ceiling);
  read = read_sandbox_policy(root_ + "/sb", record);
  ASSERT_FALSE(read) << "without the ceiling's text it must not look as if there were none";
  EXPECT_NE(read.error().message.find("ceiling.yaml"), std::string::npos) << read.error().message;
  put("/sb/ceiling.yaml", ceiling.c_str());
  read = read_sandbox_policy(root_ + "/sb", record);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->process.max_processes, 7u);
  EXPECT_EQ(read->ceiling->policy.name, "house");
  put("/sb/ceiling.yaml", "version: 1\n# another\n");
  EXPECT_NE(read_sandbox_policy(root_ + "/sb", record).error().message.find("but sandbox.json says"),
            std::string::npos);
  put("/sb/policy.yaml", "version: 2\nfoo: 1\n");
  const std::string message = read_sandbox_policy(root_ + "/sb", record).error().message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST_F(Select, BrokenPoliciesShowEveryError) {
  std::string message = refusal("broken");
  EXPECT_NE(message.find("broken.yaml:2:1: "), std::string::npos) << message;
  EXPECT_NE(message.find("network_policies"), std::string::npos) << message;
  EXPECT_NE(message.find("broken.yaml:3:"), std::string::npos) << message;
}

TEST_F(Select, PresetsAreNotPolicies) {
  EXPECT_NE(refusal("web").find("is a preset"), std::string::npos);
  auto installed = list_policies(config_);
  ASSERT_TRUE(installed);
  // What the build tree ships is listed as well.
  std::erase_if(*installed, [&](const InstalledPolicy& each) { return !each.file.starts_with(root_); });
  ASSERT_EQ(installed->size(), 5u);
  EXPECT_EQ((*installed)[0].name, "broken");
  EXPECT_NE((*installed)[0].description.find("cannot be used: "), std::string::npos);
  EXPECT_TRUE((*installed)[4].is_preset);
  EXPECT_EQ((*installed)[4].description, "The web.");
}

TEST_F(Select, ProgramsAreFoundOrTheMessageSaysWhere) {
  put("/prog", "");
  EXPECT_NE(find_program(root_ + "/prog", "nemoclaw-hook").error().message.find("tried " + root_ + "/prog"),
            std::string::npos)
      << "it is not executable";
  EXPECT_EQ(*find_program("/bin/sh", "nemoclaw-hook"), "/bin/sh");
  std::string message = find_program("", "no-such-program").error().message;
  EXPECT_NE(message.find("/libexec/nemoclaw/no-such-program"), std::string::npos) << message;
}

// What is shipped must be usable as it is.
TEST(ShippedPolicies, AreValid) {
  auto names = list_directory(SOURCE_DIR "/policy/presets");
  ASSERT_TRUE(names);
  ASSERT_TRUE(std::find(names->begin(), names->end(), "default.yaml") != names->end());
  for (const std::string& name : *names) {
    if (name == "vectors") continue;  // requests with expected verdicts, not installed
    auto policy = load_policy(SOURCE_DIR "/policy/presets/" + name);
    EXPECT_TRUE(policy) << (policy ? "" : policy.error().message);
  }
}

}  // namespace
}  // namespace nemoclaw::policy
