// The fence that a sandbox's directory asks for: `inbound` of all its containers' policies, and a pod's
// probes.
#pragma once

#include <string>

#include "hooks/fence_plan.h"
#include "policy/select/select.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// containers/<id> below the sandbox directory: the files of a container that joined.
std::string container_directory(const std::string& sandbox_directory, const std::string& container);

// Reads sandbox.json, node-addresses, policy.yaml and containers/*/policy.yaml.
Result<FencePlan> plan_sandbox_fence(const std::string& sandbox_directory, const policy::NodeConfig& config);

}  // namespace nemoclaw::hooks
