// The network namespace of a container, told apart from all others by device and inode.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct NetNamespace {
  Fd fd;
  std::string identity;  // "device:inode"
};

// /proc/<pid>/ns/net; 0 = the calling process.
Result<NetNamespace> open_net_namespace(pid_t pid);

Result<NetNamespace> open_net_namespace_at(const std::string& path);

// The path of the network namespace in <bundle>/config.json; empty when the container has one of its own.
Result<std::string> network_namespace_path(const std::string& bundle);

// Refuses the namespace of the node itself (pid 1's or ours): a fence there would cut the node off, and a
// container there can reach everything that the node can.
Result<void> refuse_host_namespace(const NetNamespace& container);

// Refuses a namespace that the container joins by way of another container's process and that has no sandbox
// of its own. Reads <bundle>/config.json.
Result<void> refuse_foreign_namespace(const std::string& bundle);

// setns(2) of the calling process.
Result<void> enter_net_namespace(const NetNamespace& container);

}  // namespace nemoclaw::hooks
