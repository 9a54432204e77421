#include "policy/select/bindings.h"

#include <algorithm>

#include "policy/model/host.h"

namespace nemoclaw::policy {
namespace {

bool fits(const std::string& pattern, const std::string& fact) {
  return pattern.empty() || (!fact.empty() && label_matches(pattern, fact));
}

}  // namespace

bool Binding::matches(const ContainerFacts& facts) const {
  return fits(name_space, facts.name_space) && fits(pod, facts.pod) && fits(container, facts.container) &&
         fits(image, facts.image);
}

const Binding* find_binding(const std::vector<Binding>& bindings, const ContainerFacts& facts) {
  auto found = std::find_if(bindings.begin(), bindings.end(),
                            [&](const Binding& each) { return each.matches(facts); });
  return found == bindings.end() ? nullptr : &*found;
}

bool AnnotationRules::allow(const ContainerFacts& facts, std::string_view value) const {
  if (!facts.kubernetes) return containers;
  return std::any_of(kubernetes.begin(), kubernetes.end(), [&](const Namespace& each) {
    return label_matches(each.name_space, facts.name_space) &&
           std::any_of(each.policies.begin(), each.policies.end(),
                       [&](const std::string& pattern) { return label_matches(pattern, value); });
  });
}

}  // namespace nemoclaw::policy
