// A process that exec adds gets no more than the container's first process has.
#include <algorithm>

#include "policy/compile/compile.h"
#include "policy/compile/environment.h"
#include "policy/compile/trust.h"
#include "policy/model/credential.h"

namespace nemoclaw::policy {
namespace {

oci::Strings intersection(const oci::Strings& wanted, const oci::Strings& bound) {
  oci::Strings both;
  for (const std::string& name : wanted)
    if (std::find(bound.begin(), bound.end(), name) != bound.end()) both.push_back(name);
  return both;
}

oci::Capabilities narrowed(const oci::Capabilities& wanted, const oci::Capabilities& bound) {
  return {intersection(wanted.bounding, bound.bounding), intersection(wanted.effective, bound.effective),
          intersection(wanted.inheritable, bound.inheritable),
          intersection(wanted.permitted, bound.permitted), intersection(wanted.ambient, bound.ambient)};
}

// Another user than the container's is never given, whoever was asked for: `docker exec` asks for the
// image's, which is mostly root. A container that starts as root may hand out any.
void narrow_user(const oci::Process& first, oci::Process& process) {
  if (first.user.uid == 0) return;
  bool same = process.user.uid == first.user.uid;
  std::optional<uint32_t> umask = process.user.umask;
  process.user = first.user;
  if (umask) process.user.umask = umask;
  if (same) return;
  remove_variable(process.env, "HOME");
  if (const std::string* home = find_variable(first.env, "HOME")) process.env.push_back(*home);
}

void narrow_limits(const oci::Process& first, oci::Process& process) {
  for (const oci::Rlimit& bound : first.rlimits) {
    auto found = std::find_if(process.rlimits.begin(), process.rlimits.end(),
                              [&](const oci::Rlimit& each) { return each.type == bound.type; });
    if (found == process.rlimits.end()) {
      process.rlimits.push_back(bound);
      continue;
    }
    found->hard = std::min(found->hard, bound.hard);
    found->soft = std::min({found->soft, bound.soft, found->hard});
  }
}

// The container's own environment shows what the policy made of these variables.
void narrow_environment(const oci::Process& first, oci::Process& process) {
  auto take_from_first = [&](std::string_view name) {
    remove_variable(process.env, name);
    if (const std::string* entry = find_variable(first.env, name)) process.env.push_back(*entry);
  };
  take_from_first("PATH");
  for (std::string_view name : removed_variables()) take_from_first(name);
  for (const auto& [name, content] : trust_variables()) take_from_first(name);
  take_from_first("JAVA_TOOL_OPTIONS");
  for (const std::string& entry : first.env)
    if (variable_value(entry).starts_with(kPlaceholderPrefix))
      take_from_first(entry.substr(0, entry.find('=')));
  // Without proxy variables of ours in the container, the policy leaves these to whoever sets them.
  const std::string* proxy = find_variable(first.env, "HTTP_PROXY");
  if (proxy == nullptr || variable_value(*proxy) != proxy_variables().front().second) return;
  for (const auto& [name, value] : proxy_variables()) take_from_first(name);
}

}  // namespace

Result<oci::Process> narrow_exec_process(const oci::EffectiveSpec& effective, const oci::Process& process) {
  bool confined = !effective.policy_name.empty() || !effective.policy_digest.empty();
  if (!confined || !effective.spec.process) return process;
  const oci::Process& first = *effective.spec.process;
  oci::Process result = process;
  narrow_user(first, result);
  result.capabilities = narrowed(process.capabilities.value_or(oci::Capabilities{}),
                                 first.capabilities.value_or(oci::Capabilities{}));
  narrow_limits(first, result);
  narrow_environment(first, result);
  result.no_new_privileges = process.no_new_privileges || first.no_new_privileges;
  result.apparmor_profile = first.apparmor_profile;
  result.selinux_label = first.selinux_label;
  // Real-time scheduling and I/O classes need capabilities that the runtime has and the container must not
  // borrow.
  result.scheduler = first.scheduler;
  result.io_priority = first.io_priority;
  if (first.oom_score_adj && result.oom_score_adj.value_or(*first.oom_score_adj) <= *first.oom_score_adj)
    result.oom_score_adj = first.oom_score_adj;
  return result;
}

}  // namespace nemoclaw::policy
