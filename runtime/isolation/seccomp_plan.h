// Seccomp: an OCI profile compiled to classic BPF (plan), and its loading (apply). The generator is our own: syscall
// numbers from libseccomp, sorted and merged into ranges, a balanced decision tree per architecture; libseccomp's own
// output is the oracle in the tests, never in the product.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct SeccompPlan {
  std::vector<sock_filter> program;  // at most BPF_MAXINSNS
  uint32_t flags = 0;                // SECCOMP_FILTER_FLAG_*
  bool notify = false;               // some action is SECCOMP_RET_USER_NOTIF: apply returns a listener
  std::vector<std::string> unknown_syscalls;  // names that this libseccomp does not know (left out, as runc does)
};

// Pure. Errors name the field ("linux.seccomp.syscalls[3].action: unknown action 'X'").
Result<SeccompPlan> plan_seccomp(const oci::Seccomp& seccomp);

// seccomp(2) on the calling thread; needs no_new_privs or CAP_SYS_ADMIN. The listener is invalid unless plan.notify.
Result<Fd> apply_seccomp(const SeccompPlan& plan);

}  // namespace nemoclaw::isolation
