#include <algorithm>
#include <map>

#include "policy/compile/compilation.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

// Capabilities with which the process could take away what confines it. No policy can give them.
const std::map<std::string_view, std::string_view>& refused_capabilities() {
  static const std::map<std::string_view, std::string_view> reasons = {
      {"CAP_NET_ADMIN", "it can remove the fence around the network"},
      {"CAP_NET_RAW", "it can send packets past the proxy"},
      {"CAP_SYS_ADMIN", "it can mount, enter namespaces and undo most of the sandbox"},
      {"CAP_SYS_PTRACE", "it can take over other processes and hide who is calling"},
      {"CAP_SYS_MODULE", "it can load code into the kernel"},
      {"CAP_SYS_RAWIO", "it can write to devices and memory directly"},
      {"CAP_SYS_BOOT", "it can replace the kernel"},
      {"CAP_SYS_TIME", "it can set the host's clock"},
      {"CAP_SYSLOG", "it can read the kernel's addresses"},
      {"CAP_BPF", "it can load programs into the kernel"},
      {"CAP_PERFMON", "it can observe the kernel and other processes"},
      {"CAP_DAC_READ_SEARCH", "it can open files by handle, outside of the container"},
      {"CAP_CHECKPOINT_RESTORE", "it can forge process ids and executables"},
      {"CAP_SYS_RESOURCE", "it can forge which program is calling, and raise its own limits"},
      {"CAP_MKNOD", "it can make device files"},
      {"CAP_MAC_ADMIN", "it can change mandatory access control"},
      {"CAP_MAC_OVERRIDE", "it can ignore mandatory access control"},
      {"CAP_AUDIT_CONTROL", "it can switch the kernel's audit off"},
  };
  return reasons;
}

bool contains(const oci::Strings& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

oci::Strings intersection(const oci::Strings& manager, const std::vector<std::string>& wanted) {
  oci::Strings both;
  for (const std::string& name : manager)
    if (contains(wanted, name) && !contains(both, name)) both.push_back(name);
  return both;
}

std::string joined(const oci::Strings& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "none" : text;
}

Result<void> check_wanted(const std::vector<std::string>& wanted) {
  for (const std::string& name : wanted)
    if (auto found = refused_capabilities().find(name); found != refused_capabilities().end())
      return make_error("process.capabilities: " + name + " cannot be given to a sandbox, because " +
                        std::string(found->second) + "; remove it from the policy");
  return {};
}

}  // namespace

Result<void> compile_capabilities(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  TRY(check_wanted(policy.capabilities));
  TRY(check_wanted(policy.ambient_capabilities));
  std::vector<std::string> wanted = policy.capabilities;
  for (const std::string& name : policy.ambient_capabilities)
    if (!contains(wanted, name)) wanted.push_back(name);

  oci::Process& process = compilation.process();
  const oci::Capabilities manager = process.capabilities.value_or(oci::Capabilities{});
  oci::Capabilities kept;
  kept.bounding = intersection(manager.bounding, wanted);
  kept.permitted = intersection(manager.permitted, wanted);
  kept.effective = intersection(manager.effective, wanted);
  // Only what the manager permits and bounds can be handed down; the kernel demands as much of ambient
  // capabilities.
  kept.ambient = intersection(intersection(manager.permitted, manager.bounding), policy.ambient_capabilities);
  kept.inheritable = kept.ambient;
  process.capabilities = kept;

  oci::Strings dropped;
  for (const std::string& name : manager.bounding)
    if (!contains(kept.bounding, name)) dropped.push_back(name);
  compilation.note("process", "capabilities kept: " + joined(kept.bounding), "process.capabilities");
  if (!dropped.empty())
    compilation.note("process", "capabilities dropped: " + joined(dropped), "process.capabilities");
  for (const std::string& name : wanted)
    if (!contains(manager.bounding, name))
      compilation.note("process", name + " is not given: the manager did not ask for it",
                       "process.capabilities");
  return {};
}

}  // namespace nemoclaw::policy
