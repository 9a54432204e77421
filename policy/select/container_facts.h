// What the container manager says of a container, as far as the container's author cannot say it in its
// stead.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::policy {

// Empty: not known. Docker and Podman say none of it.
struct ContainerFacts {
  bool kubernetes = false;
  std::string name_space, pod;
  std::string container, image;  // empty for a pod's own (pause) container
};

// Fails when the annotations of two managers contradict each other: only one of them was there, the other's
// are forged.
Result<ContainerFacts> container_facts(const oci::Spec& spec);

}  // namespace nemoclaw::policy
