#include "runtime/cli/prepare.h"

#include <sys/stat.h>
#include <unistd.h>

#include "policy/compile/image_facts.h"
#include "runtime/base/file.h"
#include "runtime/base/ids.h"
#include "runtime/base/path.h"
#include "runtime/cli/sandbox_of.h"
#include "runtime/isolation/landlock_plan.h"
#include "runtime/oci/spec_check.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::cli {

namespace {

Result<std::string> working_directory() {
  char directory[4096];
  if (!getcwd(directory, sizeof directory)) return errno_error("working directory");
  return std::string(directory);
}

Result<void> check_rootfs(const std::string& rootfs) {
  struct stat status;
  if (stat(rootfs.c_str(), &status) != 0) return errno_error("rootfs " + quoted(rootfs));
  if (!S_ISDIR(status.st_mode)) return make_error("rootfs " + quoted(rootfs) + " is not a directory");
  return {};
}

Result<void> apply_policy(const Globals& globals, const oci::Spec& spec, Prepared& prepared) {
  prepared.config = TRY(policy::load_node_config(globals.config));
  prepared.selected = TRY(policy::select_policy(prepared.config, globals.policy, spec));
  if (!prepared.selected) {
    prepared.effective.spec = spec;
    return {};
  }
  const policy::Policy& policy = prepared.selected->policy;
  policy::HostInputs inputs;
  inputs.container_id = prepared.id;
  inputs.hook_path = policy::find_program(prepared.config.hook_path, "nemoclaw-hook").value_or("");
  inputs.config_file = globals.config.value_or("");
  inputs.joined_sandbox = TRY(sandbox_to_join(spec, prepared.config.run_directory));
  inputs.sandbox_directory = prepared.config.run_directory + "/" +
                             (inputs.joined_sandbox.empty() ? prepared.id : inputs.joined_sandbox);
  inputs.landlock_abi = isolation::landlock_abi();
  const policy::Facts facts = TRY(policy::gather_facts(policy, spec, prepared.rootfs, inputs));
  policy::Compiled compiled =
      TRY_CONTEXT(policy::compile(policy, spec, facts), "policy " + quoted(policy.name));
  prepared.effective = std::move(compiled.effective);
  prepared.report = std::move(compiled.report);
  return {};
}

}  // namespace

Result<Prepared> prepare(const Globals& globals, const BundlePlace& place, const std::string& id) {
  TRY(check_container_id(id));
  Prepared prepared;
  prepared.id = id;
  const std::string here = TRY(working_directory());
  prepared.bundle = absolute_path(here, place.directory.empty() ? "." : place.directory);
  oci::Spec spec = place.config.empty() ? TRY(oci::read_spec(prepared.bundle))
                                              : TRY(oci::read_spec_file(absolute_path(here, place.config)));
  TRY_CONTEXT(oci::check_spec(spec), "config.json");
  prepared.rootfs = absolute_path(prepared.bundle, spec.root.path);
  TRY(check_rootfs(prepared.rootfs));
  // As with runc, a destination may be written as the host sees it. Before a policy looks at it.
  for (oci::Mount& mount : spec.mounts)
    if (const std::string path = clean_path("/" + mount.destination);
        path != prepared.rootfs && path_is_below(path, prepared.rootfs))
      mount.destination = prepared.rootfs == "/" ? path : path.substr(prepared.rootfs.size());
  TRY(apply_policy(globals, spec, prepared));
  return prepared;
}

}  // namespace nemoclaw::cli
