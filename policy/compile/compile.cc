#include "policy/compile/compile.h"

#include "policy/compile/compilation.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

// A section that this version reads but cannot enforce must not look enforced.
Result<void> refuse_unenforced(const Policy& policy) {
  if (!policy.integrity.files.empty() || !policy.integrity.symlinks.empty())
    return make_error(
        "integrity: files and symlinks are not checked by this version yet; remove them from the policy, "
        "or use read_only_mounts");
  return {};
}

}  // namespace

std::string policy_place(std::string_view key, Location at) {
  std::string place(key);
  if (at.line != 0) place += " (policy line " + std::to_string(at.line) + ")";
  return place;
}

Result<Compiled> compile(const Policy& policy, const oci::Spec& spec, const Facts& facts) {
  Compiled compiled;
  compiled.effective.spec = spec;
  compiled.effective.policy_name = policy.name;
  compiled.effective.policy_digest = policy.digest;
  if (!spec.process) return make_error("process: missing; a sandbox needs a process to confine");
  TRY(refuse_unenforced(policy));

  Compilation compilation{policy, facts, compiled.effective, compiled.report};
  TRY(compile_namespaces(compilation));
  TRY(compile_user(compilation));
  TRY(compile_capabilities(compilation));
  TRY(compile_limits(compilation));
  TRY(compile_environment(compilation));
  TRY(compile_devices(compilation));
  TRY(compile_filesystem(compilation));
  TRY(compile_kernel_paths(compilation));
  TRY(compile_syscalls(compilation));
  TRY(compile_egress(compilation));
  return compiled;
}

}  // namespace nemoclaw::policy
