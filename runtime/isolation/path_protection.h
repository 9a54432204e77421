// maskedPaths and readonlyPaths (config-linux.md). What is mounted and what it is mounted on are descriptors
// that were looked at: an image or another process that swaps a path in between cannot redirect either (the
// family of CVE-2025-31133, CVE-2025-52565, CVE-2025-52881).
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

// Hides each path below `root`: a file under the host's /dev/null (checked to be that device), a directory
// under an empty read-only tmpfs. Paths that are not there need no hiding.
Result<void> apply_masked_paths(const oci::Strings& paths, FdRef root);

// Makes each path below `root` read-only, with all that is mounted beneath it. Absent paths are skipped.
Result<void> apply_readonly_paths(const oci::Strings& paths, FdRef root);

}  // namespace nemoclaw::isolation
