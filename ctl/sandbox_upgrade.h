// nemoclawctl sandbox upgrade
#pragma once

#include <string>

#include "ctl/options.h"
#include "runtime/base/result.h"

namespace nemoclaw::ctl {

Result<int> upgrade_sandboxes(const Options& options);

// Asks for it and waits until the new worker serves; an error says why the old one goes on.
Result<void> upgrade_sandbox(const std::string& sandbox_directory);

}  // namespace nemoclaw::ctl
