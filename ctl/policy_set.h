// Another policy for a sandbox that runs, and what is said about it: shared by `policy set`, `rollback` and
// the commands that edit a sandbox's policy.
#pragma once

#include "ctl/options.h"
#include "ctl/sandbox_policy.h"
#include "policy/model/policy.h"

namespace nemoclaw::ctl {

// Of every command that changes a sandbox's policy.
inline const OptionRow kReasonRow = {"reason", "TEXT", "why, for the history and the audit"};
inline const OptionRow kContainerRow = {"container", "ID", "a container that joined the sandbox"};

// `parsed` is wanted.text as read. Takes --dry-run and --reason from the options, prints the result, and
// returns the exit code.
int set_policy(const char* command, const SandboxPolicies& policies, const Options& options, bool json,
               const policy::Policy& parsed, NewPolicy wanted);

}  // namespace nemoclaw::ctl
