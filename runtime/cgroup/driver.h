// cgroup drivers: v1 (one directory per controller hierarchy), v2 (one unified directory), and systemd's, which is one of
// the two with the directory made by systemd for a transient scope.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/cgroup/oom_watch.h"
#include "runtime/cgroup/stats.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

enum class Version : uint8_t { V1, V2 };

// Where the kernel's hierarchies are mounted, found once from /proc/self/mountinfo (pure parser, tested on samples).
struct Hierarchy {
  std::string mount_point;       // /sys/fs/cgroup/memory
  std::string root = "/";        // the cgroup that is mounted there: not "/" inside a container without cgroup namespace
  oci::Strings controllers;      // v1: "memory", "cpu,cpuacct" split, "name=systemd"; v2: empty
};

struct Layout {
  Version version = Version::V1;
  std::vector<Hierarchy> hierarchies;  // v2: exactly one
  // v1: the cgroup2 without controllers that a hybrid host mounts beside them. systemd watches its units there.
  std::optional<Hierarchy> hybrid;
};

Result<Layout> parse_layout(std::string_view mountinfo);
Result<Layout> detect_layout();

// Our own cgroup per hierarchy, as /proc/self/cgroup says it: the path of the one that holds `controller` ("" = v2),
// "/" if there is none. Pure.
std::string own_cgroup(std::string_view proc_cgroup, std::string_view controller);

// The path below each hierarchy's mount point for a container: cgroupsPath if given (absolute: from the root; relative:
// below our own cgroup), else "<own cgroup>/<id>" as runc does. Pure.
Result<std::string> container_path(const std::string& cgroups_path, const std::string& id, const std::string& own_path);

struct FileWrite {
  std::string file;   // relative to the cgroup directory
  std::string value;
  bool optional = false;  // a kernel without the file is not an error
  // Written instead if `file` does not exist: other kernels' name (and scale) for the same limit.
  std::string other_file, other_value;
  bool operator==(const FileWrite&) const = default;
};

// OCI resources -> writes, in order. v1: per controller; v2: unified files, v1 values converted. Pure.
struct LimitsPlan {
  std::vector<std::pair<std::string, FileWrite>> writes;  // (controller, write); controller "" = v2
};
Result<LimitsPlan> plan_limits(Version version, const oci::Resources& resources, bool update = false);

// A transient scope of systemd's. `user`: of the user's own manager, else of the system's.
struct SystemdUnit {
  std::string slice;  // "system.slice", as it was asked for
  std::string name;   // "docker-1234.scope"
  bool user = false;
  bool empty() const { return name.empty(); }
  bool operator==(const SystemdUnit&) const = default;
};

// A container's cgroup. Directories are created by create() and removed by remove(); nothing is removed on destruction.
class Driver {
 public:
  virtual ~Driver() = default;

  // Makes the directories; refuses a cgroup that already holds processes or is frozen.
  virtual Result<void> create() = 0;
  // The same for directories that somebody else has made, and may already have put a process into.
  virtual Result<void> adopt() = 0;
  virtual Result<void> apply_limits(const oci::Resources& resources, bool update) = 0;
  // Moves a process in; on v2 prefer clone_target() with CLONE_INTO_CGROUP.
  virtual Result<void> add_process(pid_t pid) = 0;
  // Descriptor for clone3's CLONE_INTO_CGROUP: of v2, or of the cgroup2 of a hybrid host, which is made if create() has not
  // done so yet; then join_files() leaves it out. Invalid on v1 alone.
  virtual Result<Fd> clone_target() = 0;
  // v1: one descriptor per hierarchy into which a process with a single thread writes "0" (join_self) to move itself;
  // empty on v2. Much cheaper than add_process: moving another process makes the kernel wait for an RCU grace period
  // (5 to 15 ms), moving the caller's own only thread does not (0.2 ms for nine hierarchies). Open them before clone,
  // call join_self in the child before it unshares the cgroup namespace; a user namespace does not matter, the kernel
  // checks the opener.
  virtual Result<std::vector<Fd>> join_files() = 0;
  virtual Result<std::vector<pid_t>> processes(bool recursive) = 0;
  virtual Result<void> freeze(bool frozen) = 0;
  virtual Result<bool> is_frozen() = 0;
  // Signals every process in the cgroup and below (cgroup.kill where the kernel has it).
  virtual Result<void> kill_all(int signal) = 0;
  // Removes the directories and what was made below them; retries while the kernel still counts dying tasks.
  virtual Result<void> remove() = 0;
  virtual Result<Stats> stats() = 0;
  // Tells of processes that the kernel killed for want of memory, from now on.
  virtual Result<OomWatch> watch_oom() = 0;
  virtual oci::Strings directories() const = 0;  // absolute, for the state record
  virtual const char* name() const = 0;          // "v1", "v2": what the directories are
  virtual SystemdUnit unit() const { return {}; }
};

// Moves the calling process, which must have one thread, by descriptors from join_files(). Async-signal-safe: a write
// per descriptor. Returns 0 or the errno of the first that failed.
int join_self(const FdRef* files, size_t count);

// `path` as container_path() returns it, or relative: then it is below our own cgroup in each hierarchy, which may
// differ from one to the other on v1 (runc does the same).
Result<std::unique_ptr<Driver>> open_driver(const Layout& layout, const std::string& path);
// The driver for linux.cgroupsPath and a container id: what create needs.
Result<std::unique_ptr<Driver>> open_driver_for(const std::string& cgroups_path, const std::string& id);
// The same by systemd: `cgroups_path` is "slice:prefix:name" or empty.
Result<std::unique_ptr<Driver>> open_systemd_driver(const std::string& cgroups_path, const std::string& id,
                                                    const oci::StringMap& annotations, bool user);
// The driver of a container that has none.
std::unique_ptr<Driver> no_cgroup();
// From a state record (exec, kill, delete): the directories as they were, and the unit's name, "" without systemd.
Result<std::unique_ptr<Driver>> reopen_driver(std::string_view name, const oci::Strings& directories,
                                              const SystemdUnit& unit = {});

// Whether the cgroup of a state record is frozen. Reads the directories' own files and nothing else: what every verb asks
// first must not cost a look at all mounts.
bool is_frozen_in(const oci::Strings& directories);

}  // namespace nemoclaw::cgroup
