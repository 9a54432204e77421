// What a directory says about one container (sandbox.json, policy.yaml, binaries.json), turned into what
// decisions need: the sandbox directory for the first one, containers/<id> below it for those that join
// (docs/sandbox.md).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/enforce/container.h"
#include "proxy/peer/identity.h"
#include "proxy/serve/state.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::serve {

struct LoadedContainer {
  oci::SandboxRecord record;
  std::shared_ptr<enforce::Container> container;
  peer::Group group;
  std::string warning;  // a later policy that cannot be in force
};

struct LoadOptions {
  // What find_binaries() said; absent: binaries.json of the directory, and it is an error if that is missing.
  std::optional<std::string> binaries;
  std::string
      state_directory;  // of the node: there are the policies that the container got later; empty: none
  std::vector<Remembered::Policy> policies;  // what an earlier worker had in force, of any container
};
// Reads files only, so that a confined proxy can do it.
Result<LoadedContainer> load_container(const std::string& directory, const LoadOptions& options = {});

// The binaries that the policy names, as binaries.json says, or as the image has them now. Before the
// container's first instruction.
Result<std::string> find_binaries(const std::string& directory, const std::string& state_directory = "");
// An error holds every diagnostic.
Result<policy::Policy> parse_policy_text(const std::string& text, const std::string& file);

// Makes binaries.json, unless it is there.
Result<void> pin_binaries(const std::string& directory);

// The id of the container that a record is about.
const std::string& container_id_of(const oci::SandboxRecord& record);

}  // namespace nemoclaw::serve
