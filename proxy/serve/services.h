// What a worker does with each descriptor that the holder hands it: one entry of a table each.
#pragma once

#include <functional>
#include <list>
#include <string_view>

#include "proxy/net/async.h"
#include "proxy/serve/bypass.h"
#include "proxy/serve/name_server.h"
#include "proxy/serve/setup.h"
#include "runtime/base/fd.h"

namespace nemoclaw::serve {

struct Worker {
  Worker(asio::io_context& events, Sandbox& served)
      : loop(events), sandbox(served), context(*served.context), bypass(context), names(context, bypass) {}

  asio::io_context& loop;
  Sandbox& sandbox;
  enforce::Context& context;
  BypassAudit bypass;
  NameServer names;
  std::function<void()> stop;       // what the control socket's "stop" asks for
  std::function<void()> upgrade;    // and its "upgrade"
  bool upgrade_asked = false;       // what this worker learns from now on, the next one does not know
  std::function<void()> end_older;  // workers that only finish their connections, by the policy that they had
  // Called when the worker takes no new work: close what accepts.
  std::list<std::function<void()>> closers;
};

// False if no service has this name; its descriptor is then closed.
bool start_service(Worker& worker, std::string_view name, Fd fd);

}  // namespace nemoclaw::serve
