// linux.netDevices: interfaces of the runtime's network namespace that become the container's, with their addresses.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/netlink.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct NetDeviceStep {
  std::string host_name, container_name;
  bool operator==(const NetDeviceStep&) const = default;
};

// Pure. Two that would get one name are an error.
Result<std::vector<NetDeviceStep>> plan_net_devices(const oci::Linux& linux_);

// Moves them into the network namespace of `pid`, renames them, gives them back the permanent global addresses that they
// had (the kernel drops them on the way) and sets them up. Whatever becomes of the namespace becomes of them: the kernel
// returns hardware to the host and removes what is virtual.
Result<void> apply_net_devices(const std::vector<NetDeviceStep>& steps, pid_t pid);

struct InterfaceAddress {
  uint8_t family = 0, prefix = 0;
  NetlinkAttributes attributes;  // as RTM_NEWADDR takes them
};
// Pure: of the answers to RTM_GETADDR, those of the interface that are to be kept.
std::vector<InterfaceAddress> kept_addresses(const std::vector<NetlinkAnswer>& answers, unsigned index);

}  // namespace nemoclaw::isolation
