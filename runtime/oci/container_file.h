// A file as the container will see it, read on the host: resolv.conf and hosts, for the proxy that resolves
// in its stead.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

// The host file that is bind-mounted at `destination`; the last mount covers those before it. "": none.
std::string mounted_file(const Spec& spec, const std::string& bundle, std::string_view destination);

// `host_path`, or if that is empty `path` inside the rootfs. A missing file is an empty one; an unreadable
// one is an error.
Result<std::string> read_container_file(const std::string& host_path, const std::string& rootfs,
                                        const char* path);

}  // namespace nemoclaw::oci
