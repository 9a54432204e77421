// What Prometheus is told about one sandbox.
#pragma once

#include <string>

#include "proxy/serve/setup.h"

namespace nemoclaw::serve {

std::string render_metrics(const Sandbox& sandbox);

}  // namespace nemoclaw::serve
