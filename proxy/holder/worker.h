// One worker process: started by the holder with the sockets, heard through a pipe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "proxy/holder/sockets.h"

namespace nemoclaw::holder {

struct Worker {
  pid_t pid = 0;  // 0: none
  Fd pipe;        // what it says: 'R' ready, 'E' + text failed, 'U' upgrade, 'S' stop, 'D' end those who drain
  bool ready = false;
  bool failed = false;  // it said 'E'
  std::chrono::steady_clock::time_point started;
};

struct WorkerPlan {
  std::string program;  // absolute path
  std::string sandbox_directory, config_file;
  uint64_t restarts = 0;
  std::string last_end;         // how the worker before it ended; empty: it is the first
  bool beside_another = false;  // an older worker still finishes its connections
};

// Pure: its arguments. `pipe`: descriptor number of its end.
std::vector<std::string> worker_arguments(const WorkerPlan& plan, const Sockets& sockets, int pipe);

// All signals are blocked in the caller; the worker starts with none blocked.
Result<Worker> start_worker(const WorkerPlan& plan, const Sockets& sockets);

// Pure: how long to wait before the next start after `crashes` crashes in a row (1: the first).
std::chrono::milliseconds restart_delay(unsigned crashes);

}  // namespace nemoclaw::holder
