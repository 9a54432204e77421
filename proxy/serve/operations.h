// What the control socket can ask of the proxy.
#pragma once

#include <functional>
#include <string>

#include "proxy/control/server.h"
#include "proxy/serve/setup.h"

namespace nemoclaw::serve {

// start, status, stop. `stop` is called when the proxy is asked to drain and exit.
control::Handler make_operations(Sandbox& sandbox, asio::any_io_executor executor,
                                 std::function<void()> stop);

}  // namespace nemoclaw::serve
