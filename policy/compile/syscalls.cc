#include <algorithm>

#include "policy/compile/agent_profile.h"
#include "policy/compile/compilation.h"

namespace nemoclaw::policy {
namespace {

// The policy's own word about a call replaces every rule of the base about it.
void set_rule(oci::Seccomp& profile, const std::vector<std::string>& names, const char* action) {
  if (names.empty()) return;
  for (oci::SeccompRule& rule : profile.syscalls)
    std::erase_if(rule.names, [&](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  std::erase_if(profile.syscalls, [](const oci::SeccompRule& rule) { return rule.names.empty(); });
  profile.syscalls.push_back({names, action, {}, {}});
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += " " + name;
  return text;
}

oci::Seccomp profile_of(const ProcessPolicy& policy) {
  oci::Seccomp profile = policy.syscalls == SyscallBase::Agent ? agent_profile() : docker_profile();
  set_rule(profile, policy.syscalls_allow, "SCMP_ACT_ALLOW");
  set_rule(profile, policy.syscalls_deny, "SCMP_ACT_ERRNO");  // last: deny beats allow
  return profile;
}

// The kernel runs every filter and takes the strictest answer: that is the intersection.
void add_ceiling(const Compilation& compilation) {
  if (!compilation.policy.ceiling) return;
  oci::Seccomp profile = profile_of(compilation.policy.ceiling->policy.process);
  if (profile == compilation.effective.extra_seccomp.back()) return;
  compilation.effective.extra_seccomp.push_back(std::move(profile));
  compilation.note("syscalls", "the ceiling's profile as well", "process.syscalls of the ceiling");
}

}  // namespace

Result<void> compile_syscalls(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  bool agent = policy.syscalls == SyscallBase::Agent;
  compilation.effective.extra_seccomp.push_back(profile_of(policy));
  add_ceiling(compilation);
  compilation.effective.protections.push_back({"seccomp", "full", ""});

  const char* why = "process.syscalls";
  compilation.note("syscalls",
                   std::string(agent ? "profile agent" : "profile docker") +
                       (compilation.effective.spec.linux_.seccomp ? ", on top of the manager's" : ""),
                   why);
  if (!policy.syscalls_allow.empty())
    compilation.note("syscalls", "also allowed:" + listed(policy.syscalls_allow), why);
  if (!policy.syscalls_deny.empty())
    compilation.note("syscalls", "also refused:" + listed(policy.syscalls_deny), why);
  return {};
}

}  // namespace nemoclaw::policy
