// One container of the sandbox: its policy, and what is trusted in its image. A pod has several, told apart
// by the cgroup of the calling process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/engine/engine.h"
#include "proxy/audit/event.h"
#include "proxy/dns/resolver.h"
#include "proxy/peer/trust.h"

namespace nemoclaw::enforce {

struct Container {
  std::shared_ptr<const policy::Engine> engine;
  peer::TrustStore trust;
  audit::Subject subject;  // its id, and its policy
  // Of a container that joined and has been started, with its own hosts file; none: the sandbox's.
  std::unique_ptr<dns::Resolver> resolver;
  // For the next policy: what the one in force was read from, its revision (1: as created), and where the
  // names of the image led when the container was made.
  std::string policy_text;
  uint64_t revision = 1;
  std::vector<policy::BinaryAlias> aliases;
  std::shared_ptr<const policy::Ceiling> ceiling;  // of the node when the container was made; bounds every policy
};

}  // namespace nemoclaw::enforce
