#include "runtime/cli/sandbox_of.h"

#include "policy/select/container_facts.h"
#include "runtime/oci/proxy_record.h"

namespace nemoclaw::cli {

bool is_of_a_pod(const oci::Spec& spec) {
  const Result<policy::ContainerFacts> facts = policy::container_facts(spec);
  return facts && facts->kubernetes;
}

Result<std::string> sandbox_to_join(const oci::Spec& spec, const std::string& run_directory) {
  const oci::Namespace* network = spec.linux_.find_namespace("network");
  if (!network || network->path.empty()) return std::string();
  const std::string identity = TRY(oci::namespace_identity(network->path));
  // The namespace decides, not what annotations say: who shares it shares its fence.
  std::string found = oci::find_live_sandbox(run_directory, identity);
  const policy::ContainerFacts facts = TRY(policy::container_facts(spec));
  if (found.empty() && facts.kubernetes && !facts.container.empty())
    return make_error(
        "pod " + quoted(facts.name_space + "/" + facts.pod) +
        " has no fence and no proxy: it was started by another runtime or without a policy, or its "
        "proxy has ended; start the pod anew with the NemoClaw runtime for all its containers");
  return found;
}

}  // namespace nemoclaw::cli
