// The proxy gives up everything that it does not need before it reads the first foreign byte: the holder for
// both, the worker once more for itself.
#pragma once

#include <sys/types.h>

#include "runtime/base/result.h"

namespace nemoclaw::confine {

struct ProxyUser {
  uid_t uid = 64219;
  gid_t gid = 64219;
};

// From root to the user, for good: bounding set, no_new_privs, no core dumps, not traceable, a system call
// list. What it executes gets CAP_NET_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH as ambient capabilities
// and nothing else; in effect here is only CAP_DAC_READ_SEARCH, which finds the worker's file below a
// directory of root's.
Result<void> confine_holder(const ProxyUser& user);

// In a confined holder that has executed itself again.
Result<void> confine_resumed_holder();

// In a worker that a confined holder has executed: capabilities that cannot be handed on, not traceable, the
// shorter list of system calls. For every thread of the process.
Result<void> confine_worker();

}  // namespace nemoclaw::confine
