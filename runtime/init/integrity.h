// What a policy says that files and links of the container must be, judged in the container's own mounts.
// Links are followed inside the root only (openat2 with RESOLVE_IN_ROOT).
#pragma once

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::init {

// An error names the file, the expected digest and the one that was found.
Result<void> check_file(FdRef root, const oci::IntegrityFile& expected);
// Every link below the directory, at any depth. One that leads nowhere is an error: where it will lead is for
// whoever makes its target. `proc` is a procfs in which "self" is this process.
Result<void> check_links(FdRef root, FdRef proc, const oci::IntegrityLinks& expected);

}  // namespace nemoclaw::init
