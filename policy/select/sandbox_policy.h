// The policy of a sandbox as its directory holds it (docs/sandbox.md): what the fence and the proxy enforce.
#pragma once

#include <string>

#include "policy/model/policy.h"
#include "runtime/base/result.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::policy {

// `policy`, or policy.yaml, under ceiling.yaml. Another text than the one that the record names is refused:
// the runtime enforced the static half of that very text. The error is one line.
Result<Policy> under_sandbox_ceiling(const std::string& directory, const oci::SandboxRecord& record,
                                     Policy policy);
Result<Policy> read_sandbox_policy(const std::string& directory, const oci::SandboxRecord& record);

}  // namespace nemoclaw::policy
