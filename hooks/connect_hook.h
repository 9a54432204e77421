// Has the kernel note who calls connect(2) in the container's cgroup, for the proxy to ask (runtime/bpf/connect_record.h).
// It needs BPF with BTF and a cgroup of version 2; without it the proxy searches the container's processes.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct ConnectHook {
  Fd look;           // the program that the proxy runs
  uint32_t map = 0;  // id of the record's map, for containers that join
};

// `cgroups`: of the container. What is attached goes with the cgroup, what was noted with the proxy.
Result<ConnectHook> make_connect_hook(const std::vector<std::string>& cgroups);
// The same record for a further container of the sandbox.
Result<void> extend_connect_hook(uint32_t map, const std::vector<std::string>& cgroups);

// Pure but for statfs(2): the one of version 2, or "".
std::string unified_among(const std::vector<std::string>& cgroups);

}  // namespace nemoclaw::hooks
