// What the sandbox directory says, turned into what the decisions need. Runs as root, before confinement.
#pragma once

#include <memory>
#include <string>

#include "policy/select/select.h"
#include "proxy/enforce/context.h"
#include "proxy/serve/confine.h"
#include "proxy/serve/options.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::serve {

struct Sandbox {
  oci::SandboxRecord record;
  policy::NodeConfig config;
  ProxyUser user;
  std::string policy_digest;
  std::unique_ptr<enforce::Context> context;
};

Result<Sandbox> set_up_sandbox(const Options& options);

// One address per line; an absent file is an empty list.
Result<std::vector<policy::Address>> parse_node_addresses(std::string_view text);

}  // namespace nemoclaw::serve
