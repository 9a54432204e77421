// Facts for the compiler, from the host and the image. The only file of this room that touches the file
// system.
#pragma once

#include <string>

#include "policy/compile/compile.h"

namespace nemoclaw::policy {

struct HostInputs {
  std::string container_id;
  std::string hook_path;          // "" if nemoclaw-hook was not found
  std::string config_file;        // "" for the default
  std::string sandbox_directory;  // absolute
  int landlock_abi = 0;           // isolation::landlock_abi()
  std::string joined_sandbox;     // "" if the container makes its own
};

// `rootfs` is absolute, on the host. Everything inside it is looked up below its descriptor, so that no link
// of the image leads out.
Result<Facts> gather_facts(const Policy& policy, const oci::Spec& spec, const std::string& rootfs,
                           const HostInputs& inputs);

}  // namespace nemoclaw::policy
