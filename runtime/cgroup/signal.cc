#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

Result<void> signal_processes(const std::string& directory, int signal) {
  std::vector<pid_t> done = {getpid()};
  // Bounded: a fork bomb that cannot be frozen must not keep us here for ever; the caller sees what is left.
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> listed = TRY(list_processes(directory, true));
    bool new_ones = false;
    for (const pid_t pid : listed) {
      if (std::find(done.begin(), done.end(), pid) != done.end()) continue;
      if (kill(pid, signal) != 0 && errno != ESRCH) return errno_error(format("signal process %d", pid));
      done.push_back(pid);
      new_ones = true;
    }
    if (!new_ones) return {};
  }
  return {};
}

}  // namespace nemoclaw::cgroup
