#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/isolation/seccomp_plan.h"

namespace nemoclaw::isolation {

Result<Fd> apply_seccomp(const SeccompPlan& plan) {
  sock_fprog program{static_cast<unsigned short>(plan.program.size()),
                     const_cast<sock_filter*>(plan.program.data())};
  uint32_t flags = plan.flags | (plan.notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  // Kernels before 4.17 do not know SPEC_ALLOW; without it the filter is the same and speculation is only
  // stricter.
  if (result < 0 && errno == EINVAL && (flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW) != 0)
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags & ~uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW},
                     &program);
  if (result < 0) return errno_error("load seccomp filter");
  return plan.notify ? Fd(static_cast<int>(result)) : Fd();
}

}  // namespace nemoclaw::isolation
