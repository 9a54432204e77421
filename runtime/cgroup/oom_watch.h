// Notice of processes that the kernel killed because their cgroup was out of memory.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::cgroup {

class OomWatch {
 public:
  OomWatch() = default;  // never tells anything
  static Result<OomWatch> open_v1(const std::string& directory);
  static Result<OomWatch> open_v2(const std::string& directory);

  // Readable when take() may have news; invalid if it never will.
  FdRef fd() const { return notice_; }
  // How many there were since the last call.
  Result<uint64_t> take();

 private:
  Fd notice_;            // v1: eventfd; v2: inotify
  Fd control_;           // v1: memory.oom_control, which must stay open
  std::string directory_;
  bool unified_ = false;
  uint64_t seen_ = 0;    // v2: oom_kill of memory.events
};

}  // namespace nemoclaw::cgroup
