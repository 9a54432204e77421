// Running criu.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::container {

struct CriuRun {
  std::string program;  // a path, or a name to look up in PATH
  std::vector<std::string> words;
  std::string log_file;  // where it says why it failed
  FdRef cgroup_target;   // v2: it is born there, and what it restores stays there
  std::vector<FdRef> cgroup_joins;         // v1
  std::string rootfs, root_mount;          // restore: `rootfs` becomes a mount at `root_mount`, for criu alone
  std::vector<std::pair<FdRef, int>> fds;  // descriptors, and the numbers that they have in criu
};

// Waits for its end. What it restored with --restore-sibling is a child of this process.
Result<void> run_criu(const CriuRun& run);

}  // namespace nemoclaw::container
