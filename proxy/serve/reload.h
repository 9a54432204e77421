// policy_set: another policy for a container that runs.
#pragma once

#include <string>

#include "proxy/serve/services.h"
#include "runtime/base/json.h"

namespace nemoclaw::serve {

// {"op":"policy_set","text","name","revision","author","reason","aliases":[{"named","resolved"}],"container"?,"dry_run"?}
// -> {"ok":true,"container","revision","digest","generation","closed"} once it is in force. An error changes
// nothing.
std::string operate_policy_set(Worker& worker, const json::Value& request);

}  // namespace nemoclaw::serve
