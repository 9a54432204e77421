// The policies of one container that runs: what is in force, what was, and what an operator puts in their
// place.
#pragma once

#include <string>
#include <vector>

#include "policy/select/revisions.h"
#include "policy/select/select.h"
#include "runtime/base/result.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::ctl {

struct SandboxPolicies {
  policy::NodeConfig config;
  std::string sandbox_directory;    // whose proxy is asked
  std::string container_directory;  // sandbox.json and policy.yaml of the container
  oci::SandboxRecord record;
  std::string container;  // its id
  std::string files;      // where its revisions are
};

// `word`: a sandbox's id or the beginning of it; `container`: one that joined it, or "" for the first.
Result<SandboxPolicies> open_policies(const std::string& word, const std::string& container,
                                      const std::optional<std::string>& config);

// The first is what the container was created with, whether it was ever changed or not.
Result<std::vector<policy::Revision>> all_revisions(const SandboxPolicies& policies);

struct NewPolicy {
  std::string name, text, digest;
  std::vector<std::string> named_binaries;
  std::string reason;
  bool dry_run = false;
};
struct InForce {
  uint64_t revision = 0, generation = 0, closed = 0;
  std::string digest;
};
// Returns when it is in force and durable; an error changes nothing.
Result<InForce> put_in_force(const SandboxPolicies& policies, const NewPolicy& wanted);

// Who asks: SUDO_USER, or the user that logged in.
std::string operator_name();

}  // namespace nemoclaw::ctl
