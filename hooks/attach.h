// nemoclaw-hook attach|detach: the hook alone, under a runtime that is not ours (a hooks.d file of Podman or
// CRI-O). Fence, proxy and audit are there; what only nemoclaw-runtime can enforce is not, and that is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hooks/hook_input.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::hooks {

// createRuntime (or prestart): selects the policy as the runtime would, makes the sandbox directory, fences,
// starts the proxy and tells it the container's resolver. Any failure fails the create and leaves nothing.
Result<void> run_attach(const std::optional<std::string>& config_file, const HookState& state);

// poststop. Idempotent.
Result<void> run_detach(const std::optional<std::string>& config_file, const HookState& state);

// Pure: refuses what could move the fence or see the proxy (capabilities, the host's namespaces), with the
// remedy.
Result<void> check_foreign_spec(const oci::Spec& spec);

// Pure: the cgroup directories that /proc/<pid>/cgroup names, without the roots of hierarchies.
std::vector<std::string> cgroup_directories(std::string_view text, bool unified);

}  // namespace nemoclaw::hooks
