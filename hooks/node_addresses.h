// The node's own addresses: destinations that the proxy refuses unless a policy names them. The proxy cannot
// ask for them itself, because it lives in the container's network namespace.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Every address of every interface in the calling process's namespace, one per line, without scope, sorted
// and without doubles.
Result<std::string> list_node_addresses();

}  // namespace nemoclaw::hooks
