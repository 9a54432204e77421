// The holder's command line: from the hook, and after an upgrade from itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/confine/privileges.h"
#include "proxy/holder/sockets.h"

namespace nemoclaw::holder {

struct Options {
  std::string program;  // absolute path of this program; the worker lies beside it
  std::string sandbox_directory, config_file, audit_file;
  confine::ProxyUser user;
  int ready_fd = -1;     // gets "R", or "E<message>"; -1: nobody waits
  int host_net_fd = -1;  // network namespace in which the control socket is made; -1: the holder's own
  int look_fd = -1;      // BPF program that says who connected, for the worker; -1: there is none
  bool show_version = false;

  // Of a holder that executed itself again: what it had.
  bool resumed = false;
  Sockets sockets;
  pid_t worker = 0;
  int worker_pipe = -1;
  std::vector<pid_t> draining;  // workers of earlier upgrades that finish their connections
  uint64_t restarts = 0, upgrades = 0;
};

Result<Options> parse_options(int argc, char** argv);

}  // namespace nemoclaw::holder
