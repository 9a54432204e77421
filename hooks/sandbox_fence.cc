#include "hooks/sandbox_fence.h"

#include <cerrno>

#include "policy/select/sandbox_policy.h"
#include "runtime/base/file.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::hooks {

namespace {

// What the node's ceiling leaves of it.
Result<void> add_inbound(const std::string& directory, std::vector<policy::InboundRule>& inbound) {
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(directory));
  const policy::Policy policy = TRY(policy::read_sandbox_policy(directory, record));
  inbound.insert(inbound.end(), policy.inbound.begin(), policy.inbound.end());
  return {};
}

}  // namespace

std::string container_directory(const std::string& sandbox_directory, const std::string& container) {
  return sandbox_directory + "/containers/" + container;
}

Result<FencePlan> plan_sandbox_fence(const std::string& sandbox_directory, const policy::NodeConfig& config) {
  std::vector<policy::InboundRule> inbound;
  TRY(add_inbound(sandbox_directory, inbound));
  const Result<std::vector<std::string>> joined = list_directory(sandbox_directory + "/containers");
  if (!joined && joined.error().errno_value != ENOENT) return joined.error();
  if (joined)
    for (const std::string& name : *joined)
      TRY(add_inbound(container_directory(sandbox_directory, name), inbound));
  FencePlan plan = TRY_CONTEXT(plan_fence(inbound), "policy");
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(sandbox_directory));
  if (record.pod && config.kubelet_probes) {
    const std::string addresses = TRY(read_file(sandbox_directory + "/node-addresses", size_t{1} << 20));
    TRY(accept_probes(plan, addresses));
  }
  return plan;
}

}  // namespace nemoclaw::hooks
