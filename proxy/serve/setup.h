// What the sandbox directory says, turned into what the decisions need. Runs before
// confinement, with the capability to read files of others.
#pragma once

#include <memory>
#include <string>

#include "policy/select/select.h"
#include "proxy/enforce/context.h"
#include "proxy/serve/options.h"
#include "proxy/serve/state.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::serve {

struct Sandbox {
  std::string directory;
  oci::SandboxRecord record;
  policy::NodeConfig config;
  uint64_t restarts = 0;
  std::string last_end;  // of the worker before, if it crashed
  std::unique_ptr<State> state;
  std::optional<StartInput> start;  // what an earlier worker was told
  std::vector<StartInput> joined_starts;
  std::unique_ptr<enforce::Context> context;
};

// What the holder keeps and a worker uses.
struct Inheritance {
  Fd audit, state;
  Fd look;  // invalid: nothing notes who connects
  std::vector<Fd> trust_files;
  std::vector<std::pair<std::string, Fd>> sockets;  // by name
};

Result<Sandbox> set_up_sandbox(const Options& options, Fd audit, Fd state, std::vector<Fd> trust_files);

// From now on; `state` outlives the container.
void remember_first_uses(State& state, enforce::Container& container);

// A further container of the sandbox, from containers/<id> in its directory; the confined worker can do it as well.
// `known`: what an earlier worker had in force.
Result<void> add_joined_container(Sandbox& sandbox, const std::string& id, const Remembered& known = {});

// What the hook wrote into a container's directory (`not-enforced`) when its runtime is not ours, into the audit. An
// absent file is nothing to say.
Result<void> note_missing_protections(Sandbox& sandbox, const std::string& directory,
                                      const audit::Subject& subject);

// One address per line; an absent file is an empty list.
Result<std::vector<policy::Address>> parse_node_addresses(std::string_view text);

}  // namespace nemoclaw::serve
