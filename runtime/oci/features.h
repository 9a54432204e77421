// `features`: the JSON of runtime-spec features.md for dockerd, containerd and podman. Side-effect free.
#pragma once

#include <string>

namespace nemoclaw::oci {

std::string encode_features();

}  // namespace nemoclaw::oci
