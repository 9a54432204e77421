// What the control socket can ask of the proxy.
#pragma once

#include "proxy/control/server.h"
#include "proxy/serve/services.h"

namespace nemoclaw::serve {

// start, join, leave, status, metrics, policy_set, upgrade, stop.
control::Handler make_operations(Worker& worker);
// /metrics
control::Pages make_pages(Worker& worker);

// The resolver as the runtime's "start" describes it, or as an earlier worker was told.
Result<void> start_resolving(Worker& worker, const StartInput& start);

}  // namespace nemoclaw::serve
