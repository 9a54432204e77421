// Where a placeholder becomes a secret: a policy's credential with its host compiled. Plain value; the engine
// holds them, and whoever forwards requests asks for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/host.h"
#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

struct CredentialBinding {
  Credential credential;
  HostPattern host;

  // `name` as normalise_host returns it.
  bool is_for(std::string_view name, uint16_t port) const {
    return port == credential.port && host.matches(name);
  }
};

Result<std::vector<CredentialBinding>> bind_credentials(const std::vector<Credential>& credentials);

}  // namespace nemoclaw::policy
