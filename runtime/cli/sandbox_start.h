// What `start` tells the sandbox's proxy before it releases the process: the resolver configuration and the
// hosts file, which Docker writes only after create.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/state_store.h"

namespace nemoclaw::cli {

// Fails closed: without the proxy's {"ok":true} the process is not released. Does nothing for a container
// without a sandbox.
container::BeforeRelease announce_start(const container::StateStore& store);

// Pure. `container`: one that joined the sandbox; empty: the one that it was made for.
std::string encode_start_request(const std::string& container, const std::string& resolv_conf,
                                 const std::string& hosts);

}  // namespace nemoclaw::cli
