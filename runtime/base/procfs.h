// Facts about processes from /proc, read through a descriptor of /proc/<pid> so that a reused pid cannot mix answers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::procfs {

struct Stat {
  pid_t pid = 0;
  std::string comm;
  char state = '?';           // proc_pid_stat(5): R S D Z T t X ...
  pid_t parent = 0;
  uint64_t start_time = 0;    // clock ticks since boot; (pid, start_time) names a process for good
};

// O_PATH directory of /proc/<pid>; ESRCH/ENOENT errors mean that the process is gone.
Result<Fd> open_process(pid_t pid);
Result<Stat> stat(pid_t pid);
Result<Stat> stat_at(FdRef process);
// Pure: the content of a stat file (comm may hold spaces and parentheses).
Result<Stat> parse_stat(std::string_view text);

// True if the process exists, has this start time and is not a zombie.
bool is_alive(pid_t pid, uint64_t start_time);

// Pure: a uid_map that is not the whole range onto itself, so of a user namespace that somebody made.
bool is_partial_map(std::string_view uid_map);
// Whether the calling process is in such a one: root there is not root of the host.
bool in_user_namespace();

}  // namespace nemoclaw::procfs
