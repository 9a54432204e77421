// The sandbox's processes: the members of its cgroups, and who of them holds a socket. /proc as a whole is
// never scanned: processes outside the sandbox are none of the proxy's business, and there may be thousands.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::peer {

// Members of the first of `cgroup_directories` that can be read (every hierarchy of cgroup v1 holds the same
// processes), including those of cgroups below it; sorted, without duplicates. An error if none can be read.
Result<std::vector<pid_t>> list_members(const std::vector<std::string>& cgroup_directories);

struct Owner {
  pid_t pid = 0;
  uint64_t start_time = 0;
  int fd = -1;  // one of its descriptors that are the socket; -1: of a thread with a table of its own
};

// The sockets of a process and their descriptors, by inode.
using SocketTable = std::vector<std::pair<uint64_t, int>>;

// `process`: its /proc/<pid>.
bool has_one_thread(FdRef process);
Result<std::optional<SocketTable>> read_sockets(FdRef process);  // nullopt: it is gone
// Whether an error says that the process has ended. Any other one (no descriptors left, no memory) may hide a holder.
bool is_gone(const Error& error);

struct Holding {
  bool is_held = false;
  int fd = -1;
};
// In any of its threads.
Result<Holding> holds(FdRef process, pid_t pid, uint64_t socket_inode);
// Whether an owner that was found still holds it.
bool still_holds(const Owner& owner, uint64_t socket_inode);

}  // namespace nemoclaw::peer
