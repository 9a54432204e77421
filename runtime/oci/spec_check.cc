#include "runtime/oci/spec_check.h"

#include <string_view>

#include "runtime/oci/linux_check.h"

namespace nemoclaw::oci {

namespace {

// Any 1.x file is understood: minor versions only add members.
Result<void> check_version(const std::string& version) {
  if (version.empty()) return make_error("ociVersion: is missing; set it to \"1.0.2\" or later");
  if (!version.starts_with("1."))
    return make_error("ociVersion: " + quoted(version) + " is not supported; this runtime reads 1.x");
  return {};
}

Result<void> check_mounts(const std::vector<Mount>& mounts) {
  for (size_t i = 0; i < mounts.size(); ++i) {
    const Mount& mount = mounts[i];
    if (mount.destination.empty()) return make_error(format("mounts[%zu].destination: must not be empty", i));
    if (mount.uid_mappings.empty() != mount.gid_mappings.empty())
      return make_error(format("mounts[%zu]: both uidMappings and gidMappings must be specified", i));
  }
  return {};
}

Result<void> check_hook_list(const std::vector<Hook>& hooks, const char* stage) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    if (!hooks[i].path.starts_with('/'))
      return make_error(format("hooks.%s[%zu].path: must be an absolute path, found %s", stage, i,
                               quoted(hooks[i].path).c_str()));
    if (hooks[i].timeout.value_or(1) <= 0)
      return make_error(format("hooks.%s[%zu].timeout: must be above 0 seconds", stage, i));
  }
  return {};
}

Result<void> check_hooks(const Hooks& hooks) {
  TRY(check_hook_list(hooks.prestart, "prestart"));
  TRY(check_hook_list(hooks.create_runtime, "createRuntime"));
  TRY(check_hook_list(hooks.create_container, "createContainer"));
  TRY(check_hook_list(hooks.start_container, "startContainer"));
  TRY(check_hook_list(hooks.poststart, "poststart"));
  return check_hook_list(hooks.poststop, "poststop");
}

Result<void> check_names(const Spec& spec) {
  const bool uts = spec.linux_.find_namespace("uts") != nullptr;
  if (!spec.hostname.empty() && !uts)
    return make_error("hostname: unable to set hostname without a private UTS namespace; add one to linux.namespaces");
  if (!spec.domainname.empty() && !uts)
    return make_error("domainname: unable to set it without a private UTS namespace; add one to linux.namespaces");
  if (spec.hostname.size() > 64) return make_error("hostname: is longer than 64 bytes");
  if (spec.domainname.size() > 64) return make_error("domainname: is longer than 64 bytes");
  return {};
}

}  // namespace

Result<void> check_spec(const Spec& spec) {
  TRY(check_version(spec.oci_version));
  if (spec.root.path.empty()) return make_error("root.path: is missing; it names the container's root directory");
  // Without one the container can be created and looked at, but not started (config.md: required when start is called).
  if (spec.process) TRY(check_process(*spec.process));
  TRY(check_mounts(spec.mounts));
  TRY(check_hooks(spec.hooks));
  TRY(check_names(spec));
  return check_linux(spec);
}

}  // namespace nemoclaw::oci
