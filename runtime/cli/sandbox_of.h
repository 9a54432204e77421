// Which sandbox a container belongs to: its own, or the one whose network namespace its spec joins (a pod, or
// --network container:NAME).
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cli {

// The id of the live sandbox that serves the namespace, "" if the container makes one of its own. An error
// for a container of a pod whose sandbox has no fence and no proxy.
Result<std::string> sandbox_to_join(const oci::Spec& spec, const std::string& run_directory);

// True for what a CRI manager makes: a pod's sandbox or one of its containers.
bool is_of_a_pod(const oci::Spec& spec);

}  // namespace nemoclaw::cli
