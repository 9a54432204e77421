#include "runtime/base/fd.h"

#include <unistd.h>

#include <cerrno>

namespace nemoclaw {

void Fd::reset() {
  if (raw_ < 0) return;
  const int saved_errno = errno;  // closing during error handling must not hide the cause
  close(raw_);
  errno = saved_errno;
  raw_ = -1;
}

}  // namespace nemoclaw
