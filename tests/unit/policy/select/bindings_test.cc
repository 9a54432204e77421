// Facts from the configs that real managers wrote, and what forged annotations change.
#include "nemoclaw_source_tree.h"
#include "policy/select/bindings.h"

#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::policy {
namespace {

oci::Spec sample(const std::string& name) {
  auto text = read_file(TEST_DATA_DIR "/config/" + name + ".json");
  EXPECT_TRUE(text) << name;
  auto spec = oci::parse_spec(*text, name);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return *spec;
}

TEST(ContainerFacts, OfEveryManager) {
  struct {
    const char* file;
    bool kubernetes;
    const char *name_space, *pod, *container, *image;
  } cases[] = {
      {"docker-20.10", false, "", "", "", ""},
      {"podman-4.3", false, "", "", "", ""},
      {"containerd-1.6-sandbox", true, "default", "nemo-pod", "", ""},
      {"containerd-1.6-container", true, "default", "nemo-pod", "work", "docker.io/library/busybox:latest"},
      {"containerd-1.7-systemd-cgroup2-container", true, "default", "nemo-pod", "work",
       "docker.io/library/busybox:latest"},
      {"kubernetes-1.20-container", true, "default", "sandbox1", "work", "docker.io/library/busybox:latest"},
      {"kubernetes-1.33-sandbox", true, "default", "sandbox1", "", ""},
  };
  for (const auto& each : cases) {
    auto facts = container_facts(sample(each.file));
    ASSERT_TRUE(facts) << each.file;
    EXPECT_EQ(facts->kubernetes, each.kubernetes) << each.file;
    EXPECT_EQ(facts->name_space, each.name_space) << each.file;
    EXPECT_EQ(facts->pod, each.pod) << each.file;
    EXPECT_EQ(facts->container, each.container) << each.file;
    EXPECT_EQ(facts->image, each.image) << each.file;
  }
}

oci::Spec crio_spec() {
  oci::Spec spec;
  spec.annotations = {{"io.kubernetes.pod.namespace", "dev"},
                      {"io.kubernetes.pod.name", "p"},
                      {"io.kubernetes.container.name", "app"},
                      {"io.kubernetes.cri-o.ImageName", "reg/app:1"},
                      // CRI-O's own, which a pod's annotation may have overwritten: never looked at.
                      {"io.kubernetes.cri-o.Namespace", "prod"}};
  return spec;
}

TEST(ContainerFacts, OfCriO) {
  oci::Spec spec = crio_spec();
  auto facts = container_facts(spec);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name_space + facts->pod + facts->container + facts->image, "devpappreg/app:1");
  spec.annotations[2].second = "POD";
  facts = container_facts(spec);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->container + facts->image, "");
}

TEST(ContainerFacts, ForgedOnesAreRefused) {
  for (const auto& [name, value] : {std::pair{"io.kubernetes.cri.sandbox-namespace", "prod"},
                                    std::pair{"io.kubernetes.pod.namespace", "prod"}}) {
    oci::Spec crio = crio_spec(), containerd = sample("containerd-1.6-container");
    const bool of_containerd = std::string_view(name).find(".cri.") != std::string_view::npos;
    oci::Spec& spec = of_containerd ? crio : containerd;
    spec.annotations.emplace_back(name, value);
    auto facts = container_facts(spec);
    ASSERT_FALSE(facts) << name;
    EXPECT_NE(facts.error().message.find("forged"), std::string::npos) << facts.error().message;
  }
  // Nor does a pod's own container get a name by which it could be bound.
  oci::Spec sandbox = sample("containerd-1.6-sandbox");
  sandbox.annotations.emplace_back("io.kubernetes.cri.container-name", "work");
  sandbox.annotations.emplace_back("io.kubernetes.cri.image-name", "trusted/image");
  auto facts = container_facts(sandbox);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->container + facts->image, "");
}

TEST(Bindings, TheFirstThatMatches) {
  const ContainerFacts facts{true, "team-a", "web-7f", "app", "docker.io/library/agent:1"};
  const std::vector<Binding> bindings = {
      {"team-b", "", "", "", "wrong namespace", {}},
      {"team-*", "api-*", "", "", "wrong pod", {}},
      {"team-*", "", "sidecar", "", "wrong container", {}},
      {"", "", "", "*/other:*", "wrong image", {}},
      {"team", "", "", "", "a name is not a prefix", {}},
      {"Team-a", "", "", "", "case counts", {}},
      {"team-*", "web-*", "app", "docker.io/*/agent:*", "right", {}},
      {"*", "", "", "", "later", {}},
  };
  ASSERT_NE(find_binding(bindings, facts), nullptr);
  EXPECT_EQ(find_binding(bindings, facts)->policy, "right");
  EXPECT_EQ(find_binding(bindings, {}), nullptr) << "what is not known matches nothing, not even a star";
}

TEST(AnnotationRules, OutsideAndInsideOfKubernetes) {
  AnnotationRules rules;
  EXPECT_TRUE(rules.allow({}, "any"));
  EXPECT_FALSE(rules.allow({true, "dev", "", "", ""}, "any"));
  rules.containers = false;
  rules.kubernetes = {{"dev", {"a"}}, {"d*", {"sha256:12*"}}};
  EXPECT_FALSE(rules.allow({}, "a"));
  EXPECT_TRUE(rules.allow({true, "dev", "", "", ""}, "a"));
  EXPECT_TRUE(rules.allow({true, "dev", "", "", ""}, "sha256:12ab")) << "the lists add up";
  EXPECT_FALSE(rules.allow({true, "deep", "", "", ""}, "a"));
}

}  // namespace
}  // namespace nemoclaw::policy
