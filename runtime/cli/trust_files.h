// The trust files of a container (docs/sandbox.md): the image's own roots, in the files that are mounted over the image's.
// The sandbox's authority is added by the proxy when it starts, or here if the sandbox runs already.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cli {

// `spec`: the effective one, whose mounts name the files. Does nothing if it has none of these mounts.
Result<void> write_trust_files(const std::string& sandbox_directory, const std::string& container_id,
                               const oci::Spec& spec, const std::string& rootfs);

}  // namespace nemoclaw::cli
