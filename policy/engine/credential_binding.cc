#include "policy/engine/credential_binding.h"

namespace nemoclaw::policy {

Result<std::vector<CredentialBinding>> bind_credentials(const std::vector<Credential>& credentials) {
  std::vector<CredentialBinding> bindings;
  bindings.reserve(credentials.size());
  for (const Credential& credential : credentials)
    bindings.push_back({credential, TRY(HostPattern::parse(credential.host))});
  return bindings;
}

}  // namespace nemoclaw::policy
