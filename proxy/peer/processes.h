// The sandbox's processes: the members of its cgroups, and who of them holds a socket. /proc as a whole is
// never scanned: processes outside the sandbox are none of the proxy's business, and there may be thousands.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::peer {

// Members of the first of `cgroup_directories` that can be read (every hierarchy of cgroup v1 holds the same
// processes), including those of cgroups below it; sorted, without duplicates. An error if none can be read.
Result<std::vector<pid_t>> list_members(const std::vector<std::string>& cgroup_directories);

struct Owner {
  pid_t pid = 0;
  uint64_t start_time = 0;
};

// Those of `members` that hold the socket with this inode, in any of their threads.
std::vector<Owner> find_owners(const std::vector<pid_t>& members, uint64_t socket_inode);
bool holds_socket(pid_t pid, uint64_t socket_inode);

}  // namespace nemoclaw::peer
