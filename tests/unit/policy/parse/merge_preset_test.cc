// Presets into policies and out again: the meaning of the result, and every byte of the rest.
#include "policy/parse/merge_preset.h"

#include <gtest/gtest.h>

#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

PolicyText read(const std::string& file, const std::string& text) {
  auto outcome = parse_policy(text, file);
  EXPECT_TRUE(outcome.policy) << text;
  return {file, text, outcome.policy.value_or(Policy())};
}

const std::string kPreset =
    "# One service.\n"
    "preset: {name: one}\n"
    "network_policies:\n"
    "    one:\n"
    "        # Its API.\n"
    "        endpoints:\n"
    "            - &api {host: api.one.test, port: 443, protocol: rest, access: read-only}\n"
    "            - {host: www.one.test, port: 443}\n"
    "        binaries: [{path: /usr/bin/curl}]\n"
    "        # The end of it.\n"
    "# Behind it.\n";

std::string added(const std::string& text, const std::string& preset = kPreset,
                  const std::string& name = "") {
  const auto change = add_preset(read("p.yaml", text), read("one.yaml", preset), name);
  return change ? change->text : "error: " + change.error().message;
}

std::string removed(const std::string& text, const std::string& preset = kPreset) {
  const auto change = remove_preset(read("p.yaml", text), read("one.yaml", preset));
  return change ? change->text : "error: " + change.error().message;
}

TEST(MergePreset, KeepsCommentsOrderAndLayout) {
  const std::string text =
      "# head\nversion: 1\n\nnetwork_policies:  # who may\n  zeta: {endpoints: [{host: z.test, port: 1}]}   "
      "# last letter\n"
      "  # about alpha\n  alpha:\n    endpoints: [ {host: \"a.test\",   port: 2} ]\n    # deep\n\n# "
      "tail\ndns: {mode: policy}\n";
  EXPECT_EQ(
      added(text),
      "# head\nversion: 1\n\nnetwork_policies:  # who may\n  zeta: {endpoints: [{host: z.test, port: 1}]}   "
      "# last "
      "letter\n  # about alpha\n  alpha:\n    endpoints: [ {host: \"a.test\",   port: 2} ]\n    # deep\n"
      "  # from preset \"one\"\n"
      "  one:\n"
      "      # Its API.\n"
      "      endpoints:\n"
      "          - &api {host: api.one.test, port: 443, protocol: rest, access: read-only}\n"
      "          - {host: www.one.test, port: 443}\n"
      "      binaries: [{path: /usr/bin/curl}]\n"
      "      # The end of it.\n"
      "\n# tail\ndns: {mode: policy}\n");
}

TEST(MergePreset, IsUndoneByRemovalToTheByte) {
  const std::vector<std::string> texts = {
      "version: 1\nnetwork_policies: {}\n",
      "version: 1\nnetwork_policies: {}  # nothing\ndns: {mode: off}\n",
      "version: 1\nnetwork_policies:\n  a: {endpoints: [{host: a.test, port: 1}]}\n",
      "version: 1\r\nnetwork_policies:\r\n    a:\r\n        endpoints:\r\n        - {host: a.test, port: "
      "1}\r\n\r\n# end\r\n",
      "{version: 1, network_policies: {a: {endpoints: [{host: a.test, port: 1}]}}}\n",
      "{version: 1, network_policies: {}}\n",
      "---\nversion: 1\nnetwork_policies:\n  'a b': &e {endpoints: [{host: a.test, port: 1}]}\n  c: "
      "*e\n...\n",
      "version: 1\nnetwork_policies:\n\n  a:\n    endpoints:\n      - host: a.test\n        port: 1\n\n\n"
      "  # of b\n  b:\n    endpoints:\n      - host: b.test\n        port: 1\nprocess: {}\n",
      "version: 1\nnetwork_policies: {\"ü\": {endpoints: [{host: a.test, port: 1}]}, b: {endpoints: [{host: "
      "b.test, port: 1}]}}\n",
  };
  for (const std::string& text : texts) {
    const std::string with = added(text);
    EXPECT_NE(with.find("api.one.test"), std::string::npos) << with;
    EXPECT_EQ(added(with), with) << "not idempotent";
    EXPECT_EQ(removed(with), text) << with;
    EXPECT_EQ(removed(text), text);
  }
}

TEST(MergePreset, EndsTheLastLine) {
  const std::string text = "version: 1\nnetwork_policies:\n  a: {endpoints: [{host: a.test, port: 1}]}";
  EXPECT_EQ(removed(added(text)), text + "\n");
  EXPECT_EQ(removed(added("version: 1\nnetwork_policies: { }")), "version: 1\nnetwork_policies: {}\n");
}

TEST(MergePreset, WritesASectionThatIsMissing) {
  const std::string with = added("version: 1\n# end\n");
  EXPECT_EQ(with.find("version: 1\n# end\nnetwork_policies:\n  # from preset \"one\"\n  one:\n"), 0u) << with;
  EXPECT_EQ(removed(with), "version: 1\n# end\nnetwork_policies: {}\n");
  EXPECT_EQ(added("version: 1").find("version: 1\nnetwork_policies:\n"), 0u);
  EXPECT_EQ(added("---\nversion: 1\n...\n").find("---\nversion: 1\nnetwork_policies:\n"), 0u);
  EXPECT_EQ(added("{version: 1}\n").find("{version: 1, network_policies: {\"one\": {"), 0u);
}

TEST(MergePreset, RendersWhatItCannotCopy) {
  const std::string preset =
      "preset: {name: one}\nnetwork_policies: {one: {endpoints: [{host: a.one.test, port: 443}]}}\n";
  EXPECT_NE(added("version: 1\n", preset)
                .find("  # from preset \"one\"\n  one:\n    endpoints:\n      - host: a.one.test\n"),
            std::string::npos);
  // An anchor of the same name, used behind the place: a copy would change what the alias means.
  const std::string text =
      "version: 1\nnetwork_policies:\n  a: {endpoints: [&api {host: a.test, port: 1}]}\ninbound: []\n"
      "integrity: {}\n";
  EXPECT_NE(added(text).find("&api {host: api.one.test"), std::string::npos);
  const std::string shared =
      "preset: {name: one}\nnetwork_policies:\n  a: {endpoints: &e [{host: a.one.test, port: 443}]}\n  b:\n  "
      "  endpoints: *e\n";
  const std::string half =
      "version: 1\nnetwork_policies:\n  a: {endpoints: [{host: a.one.test, port: 443}]}\n";
  const auto change = add_preset(read("p.yaml", half), read("one.yaml", shared), "");
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_EQ(change->entries, (std::vector<std::string>{"b"}));
}

TEST(MergePreset, NamesBothPlacesOfAConflict) {
  const std::string taken =
      added("version: 1\nnetwork_policies:\n  one: {endpoints: [{host: b.test, port: 1}]}\n");
  EXPECT_NE(taken.find("p.yaml:3: entry 'one' is not the one of the preset (one.yaml:4)"), std::string::npos)
      << taken;
  const std::string overlap = added(
      "version: 1\nnetwork_policies:\n  b: {endpoints: [{host: www.one.test, port: 443, tls: "
      "passthrough}]}\n");
  EXPECT_NE(overlap.find("p.yaml:3 (entry 'b') and one.yaml:8 (entry 'one') overlap and disagree on 'tls'"),
            std::string::npos)
      << overlap;
}

TEST(MergePreset, TakesAnotherName) {
  const std::string text = "version: 1\nnetwork_policies:\n  one: {endpoints: [{host: b.test, port: 1}]}\n";
  const std::string with = added(text, kPreset, "other one");
  EXPECT_NE(with.find("  # from preset \"one\"\n  \"other one\":\n"), std::string::npos) << with;
  EXPECT_EQ(added(with, kPreset, "other one"), with);
  // The mark tells which entry it is.
  EXPECT_EQ(removed(with).find("error: p.yaml:3: entry 'one' has been changed"), 0u) << removed(with);
  const std::string free = added("version: 1\nnetwork_policies: {}\n", kPreset, "mine");
  EXPECT_EQ(removed(free), "version: 1\nnetwork_policies: {}\n");
}

TEST(MergePreset, RemovesOnlyWhatIsUnchanged) {
  std::string with = added("version: 1\n");
  with.replace(with.find("www.one.test"), 12, "www.two.test");
  EXPECT_EQ(removed(with).find("error: p.yaml:4: entry 'one' has been changed since"), 0u) << removed(with);
}

TEST(MergePreset, KeepsTheOperatorsComments) {
  const std::string text =
      "version: 1\nnetwork_policies:\n  # mine\n  one:\n    endpoints:\n      - {host: api.one.test, port: "
      "443, protocol: "
      "rest, access: read-only}\n      - {host: www.one.test, port: 443}\n    binaries: [{path: "
      "/usr/bin/curl}]\n";
  EXPECT_EQ(removed(text), "version: 1\nnetwork_policies: {}\n  # mine\n");
}

TEST(MergePreset, RefusesOtherForms) {
  EXPECT_NE(added("egress: {rules: []}\n").find("p.yaml is a list of another form"), std::string::npos);
  EXPECT_NE(added(kPreset).find("p.yaml is a preset itself"), std::string::npos);
  EXPECT_NE(added("version: 1\n", "version: 1\n").find("one.yaml is a policy, not a preset"),
            std::string::npos);
  const std::string two =
      "preset: {name: one}\nnetwork_policies: {a: {endpoints: [{host: a.test, port: 1}]}, b: "
      "{endpoints: [{host: b.test, port: 1}]}}\n";
  EXPECT_NE(added("version: 1\n", two, "c").find("has 2 entries"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::policy
