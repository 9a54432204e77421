// The proxy's command line.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/result.h"

namespace nemoclaw::serve {

struct Options {
  std::string sandbox_directory;
  int ready_fd = -1;  // gets "R", or "E<message>"; -1: nobody waits
  int host_net_fd = -1;  // network namespace in which the control socket is made; -1: the proxy's own
  std::optional<std::string> config_file;
  bool show_version = false;
};

Result<Options> parse_options(int argc, char** argv);

}  // namespace nemoclaw::serve
