#include "policy/compile/compile.h"

#include "policy/compile/compilation.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

// Judged in the container's own mounts, before its first instruction (runtime/init/integrity.h).
void carry_integrity(const Compilation& compilation) {
  for (const IntegrityFile& file : compilation.policy.integrity.files) {
    compilation.effective.integrity_files.push_back({file.path, file.sha256});
    compilation.note("integrity", file.path + " must have the SHA-256 " + file.sha256,
                     policy_place("integrity.files", file.at));
  }
  for (const IntegrityLinks& links : compilation.policy.integrity.symlinks) {
    compilation.effective.integrity_links.push_back({links.directory, links.must_point_into});
    compilation.note("integrity",
                     "links below " + links.directory + " must lead into " + links.must_point_into,
                     policy_place("integrity.symlinks", links.at));
  }
}

void report_ceiling(const Compilation& compilation) {
  if (!compilation.policy.ceiling) return;
  const Ceiling& ceiling = *compilation.policy.ceiling;
  compilation.effective.ceiling_name = ceiling.policy.name;
  compilation.effective.ceiling_digest = ceiling.policy.digest;
  for (const Cut& cut : ceiling.cuts) {
    compilation.note("ceiling", cut.what, cut.why);
    compilation.effective.ceiling_cuts.push_back(cut.what + ": " + cut.why);
  }
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

  Compilation compilation{policy, facts, compiled.effective, compiled.report};
  report_ceiling(compilation);
  carry_integrity(compilation);
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
