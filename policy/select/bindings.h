// Who gets which policy by the node's word: `bindings`, and what `annotations` may choose. Decoding is
// internal to this room, matching is pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"
#include "policy/select/container_facts.h"

namespace nemoclaw::policy {

// Patterns: `*` stands for any run of characters, '/' included. Empty: not asked for.
struct Binding {
  std::string name_space, pod, container, image;
  std::string policy;
  Location at;

  // A fact that the manager does not give matches no pattern, not even `*`.
  bool matches(const ContainerFacts& facts) const;
};

// The first binding that matches, or nullptr.
const Binding* find_binding(const std::vector<Binding>& bindings, const ContainerFacts& facts);

// Whose annotation ai.nemoclaw.policy counts. In Kubernetes whoever may make pods writes annotations: nothing
// is open there unless the node lists it for the namespace.
struct AnnotationRules {
  struct Namespace {
    std::string name_space;             // pattern
    std::vector<std::string> policies;  // patterns of names and digests
  };
  bool containers = true;  // everything outside of Kubernetes
  std::vector<Namespace> kubernetes;

  bool allow(const ContainerFacts& facts, std::string_view value) const;
};

}  // namespace nemoclaw::policy
