// Directories of a cgroup file system: what v1 and v2 have in common.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

// mkdir -p below the mount point. Appends what it made to `created`, parents first.
Result<void> make_cgroup(const std::string& mount_point, const std::string& directory,
                         std::vector<std::string>& created);
// rmdir in reverse order; what is in use stays. The undo of make_cgroup.
void remove_created(const std::vector<std::string>& created);
// Removes the directories and all below them. The kernel answers EBUSY for a moment after the last process died: tried
// again for about two seconds in all. Absent is fine.
Result<void> remove_cgroups(const std::vector<std::string>& directories);

// Process ids of a cgroup.procs file, and of those below it. An absent directory has none.
Result<std::vector<pid_t>> list_processes(const std::string& directory, bool recursive);
Result<std::vector<pid_t>> parse_processes(std::string_view text);

// Signals every process of the cgroup and below, until no new ones appear: a fork that raced with the listing is caught
// by the next. Never the caller itself.
Result<void> signal_processes(const std::string& directory, int signal);

// Number in a file such as memory.usage_in_bytes; "max" is the largest. Absent or unreadable: nullopt.
std::optional<uint64_t> read_number(const std::string& file);
// The number after "key " in a flat keyed file such as cpu.stat.
std::optional<uint64_t> find_number(std::string_view text, std::string_view key);

// Writes a plan's values into a cgroup directory, in order. A value that the kernel refuses because another one is still
// the old (memory and memory+swap, period and quota, burst and quota) is tried again after the others.
Result<void> write_limits(const std::string& directory, const std::vector<const FileWrite*>& writes);

}  // namespace nemoclaw::cgroup
