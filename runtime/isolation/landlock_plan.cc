#include "runtime/isolation/landlock_plan.h"

#include "runtime/base/error.h"
#include "runtime/isolation/landlock_uapi.h"

namespace nemoclaw::isolation {
namespace {

using namespace uapi;

constexpr uint64_t read_rights = fs_read_file | fs_read_dir;
// Device nodes can be made by nobody below a writable path: character device 0:0 needs no capability, and an
// overlay would take it for a deletion.
constexpr uint64_t write_rights = fs_write_file | fs_remove_dir | fs_remove_file | fs_make_dir | fs_make_reg |
                                  fs_make_sock | fs_make_fifo | fs_make_sym | fs_refer | fs_truncate |
                                  fs_ioctl_dev;
constexpr uint64_t device_rights = read_rights | fs_write_file | fs_truncate | fs_ioctl_dev;
constexpr uint64_t handled_rights = read_rights | write_rights | fs_execute | fs_make_char | fs_make_block;

uint64_t rights_of(oci::PathAccess access, bool restrict_execute) {
  // Unless execution is listed separately, what can be read can be executed.
  uint64_t read = restrict_execute ? read_rights : read_rights | fs_execute;
  switch (access) {
    case oci::PathAccess::Read:
      return read;
    case oci::PathAccess::ReadWrite:
      return read | write_rights;
    case oci::PathAccess::ReadExecute:
      return read_rights | fs_execute;
    case oci::PathAccess::ReadWriteExecute:
      return read_rights | fs_execute | write_rights;
    case oci::PathAccess::DeviceReadWrite:
      return device_rights;
  }
  return 0;
}

// A right that came after ABI 1.
struct LaterRight {
  int abi;
  uint64_t LandlockPlan::*member;
  uint64_t bits;
  const char* name;
  const char* without;  // what it means that the kernel lacks it; nullptr: nothing is less protected
};

constexpr LaterRight later_rights[] = {
    // Before ABI 2 the kernel refuses every rename and link between directories, which is stricter.
    {2, &LandlockPlan::handled_fs, fs_refer, "landlock.refer", nullptr},
    {3, &LandlockPlan::handled_fs, fs_truncate, "landlock.truncate",
     "files that can be opened for reading can be truncated by path where Unix permissions allow it"},
    {4, &LandlockPlan::handled_net, net_bind_tcp | net_connect_tcp, "landlock.network",
     "TCP is confined by the fence alone"},
    {5, &LandlockPlan::handled_fs, fs_ioctl_dev, "landlock.ioctl_dev",
     "ioctl on device files is confined by the device cgroup alone"},
    {6, &LandlockPlan::scoped, scope_signal, "landlock.scope_signals",
     "processes of other containers in the same PID namespace can be signalled"},
    {6, &LandlockPlan::scoped, scope_abstract_unix_socket, "landlock.scope_abstract_sockets",
     "abstract sockets of other containers in the same network namespace can be reached"},
};

Result<void> degrade(LandlockPlan& plan) {
  for (const LaterRight& right : later_rights) {
    if (plan.abi >= right.abi || (plan.*right.member & right.bits) == 0) continue;
    plan.*right.member &= ~right.bits;
    if (right.without == nullptr) continue;
    std::string reason =
        format("the kernel's Landlock ABI is %d and this needs %d: %s", plan.abi, right.abi, right.without);
    if (plan.hard_requirement)
      return make_error(std::string(right.name) + ": " + reason +
                        "; use a newer kernel, or set landlock.compatibility: best_effort in the policy");
    plan.degraded.push_back({right.name, "none", reason});
  }
  return {};
}

Result<LandlockPlan> without_landlock(LandlockPlan plan) {
  std::string reason = "the kernel has no Landlock or it is not enabled";
  if (plan.hard_requirement)
    return make_error("landlock: " + reason +
                      ", and the policy says landlock.compatibility: hard_requirement; boot the "
                      "host with landlock in the lsm= list, or set best_effort");
  plan.enabled = false;
  plan.degraded.push_back({"landlock", "none", reason});
  return plan;
}

}  // namespace

Result<LandlockPlan> plan_landlock(const oci::Landlock& landlock, int abi) {
  LandlockPlan plan;
  plan.enabled = landlock.enabled;
  plan.hard_requirement = landlock.hard_requirement;
  plan.abi = abi;
  if (!landlock.enabled) return plan;
  if (abi < 1) return without_landlock(std::move(plan));

  plan.handled_fs = handled_rights;
  if (landlock.restrict_network) plan.handled_net = net_bind_tcp | net_connect_tcp;
  if (landlock.scope_signals) plan.scoped |= scope_signal;
  if (landlock.scope_abstract_sockets) plan.scoped |= scope_abstract_unix_socket;
  TRY(degrade(plan));

  for (const oci::LandlockRule& rule : landlock.rules)
    plan.paths.push_back(
        {rule.path, rights_of(rule.access, landlock.restrict_execute) & plan.handled_fs, rule.required});
  if ((plan.handled_net & net_connect_tcp) != 0)
    for (uint16_t port : landlock.connect_tcp) plan.ports.emplace_back(net_connect_tcp, port);
  if ((plan.handled_net & net_bind_tcp) != 0)
    for (uint16_t port : landlock.bind_tcp) plan.ports.emplace_back(net_bind_tcp, port);
  return plan;
}

}  // namespace nemoclaw::isolation
