#include "policy/select/decode_selection.h"

#include "policy/parse/keys.h"
#include "policy/select/directories.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* not_a_name = "P0122";
constexpr const char* no_pattern = "P0123";
constexpr size_t pattern_bytes_max = 512;

Key<Binding> pattern(const char* name, std::string Binding::*member, const char* summary) {
  return other<Binding>(
      name, Shape::Text,
      [=](Diagnostics& d, const Node& node, Binding& out) {
        auto value = read_text(d, node, name);
        if (!value) return;
        if (value->empty() || value->size() > pattern_bytes_max)
          d.error(no_pattern, node.at,
                  "'" + std::string(name) + "' must be a name or a pattern of at most 512 bytes",
                  "'*' stands for any run of characters");
        else
          out.*member = std::move(*value);
      },
      summary);
}

void decode_policy_of(Diagnostics& diagnostics, const Node& node, Binding& binding) {
  auto name = read_text(diagnostics, node, "policy");
  if (!name) return;
  if (!is_policy_name(*name))
    diagnostics.error(not_a_name, node.at, "'policy' must be the name of a policy, not a path",
                      "put the file into a policy directory and name it without .yaml");
  binding.policy = std::move(*name);
}

const Keys<Binding>& binding_keys() {
  static const Keys<Binding> keys = {
      pattern("namespace", &Binding::name_space, "Kubernetes namespace."),
      pattern("pod", &Binding::pod, "Name of the pod."),
      pattern("container", &Binding::container, "Name of the container within the pod."),
      pattern("image", &Binding::image, "Full name of the image, as the manager knows it."),
      required(other<Binding>("policy", Shape::Text, decode_policy_of, "Name of the policy.")),
  };
  return keys;
}

using Rule = AnnotationRules::Namespace;

const Keys<Rule>& namespace_keys() {
  static const Keys<Rule> keys = {
      required(text<Rule>("namespace", &Rule::name_space, "Kubernetes namespace, a name or a pattern.")),
      required(
          text_list<Rule>("policies", &Rule::policies, "Policies that it may choose: names or digests.")),
  };
  return keys;
}

const Keys<AnnotationRules>& annotation_keys() {
  static const Keys<AnnotationRules> keys = {
      boolean("containers", &AnnotationRules::containers, "Docker, Podman and containers made by hand."),
      other<AnnotationRules>(
          "kubernetes", list_shape(Shape::Object),
          [](Diagnostics& d, const Node& node, AnnotationRules& out) {
            for_each_item(d, node, "kubernetes", [&](const Node& item) {
              decode_map(d, item, "an annotation rule", namespace_keys(), out.kubernetes.emplace_back());
            });
          },
          "What pods may choose, by namespace; nothing unless it is listed."),
  };
  return keys;
}

}  // namespace

void decode_annotations(Diagnostics& diagnostics, const Node& node, NodeConfig& config) {
  if (node.kind == NodeKind::Scalar) {
    if (auto allowed = read_boolean(diagnostics, node, "annotations"))
      config.annotations.containers = *allowed;
    return;
  }
  decode_map(diagnostics, node, "annotations", annotation_keys(), config.annotations);
}

void decode_bindings(Diagnostics& diagnostics, const Node& node, NodeConfig& config) {
  for_each_item(diagnostics, node, "bindings", [&](const Node& item) {
    Binding binding;
    binding.at = item.at;
    if (!decode_map(diagnostics, item, "a binding", binding_keys(), binding)) return;
    if (binding.name_space.empty() && binding.pod.empty() && binding.container.empty() &&
        binding.image.empty())
      diagnostics.error(no_pattern, item.at, "a binding without 'namespace', 'pod', 'container' or 'image'",
                        "'default_policy' is for every container for which nothing else is said");
    config.bindings.push_back(std::move(binding));
  });
}

void decode_ceiling(Diagnostics& diagnostics, const Node& node, NodeConfig& config) {
  auto name = read_text(diagnostics, node, "ceiling");
  if (!name) return;
  if (!is_policy_name(*name) && !name->starts_with('/'))
    diagnostics.error(not_a_name, node.at, "'ceiling' must be the name of a policy, or an absolute path");
  config.ceiling = std::move(*name);
}

}  // namespace nemoclaw::policy
