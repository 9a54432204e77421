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

// Whose system calls the filter sees: the host kernel's and those of the 32-bit programs that it can run.
enum class Machine : uint8_t { X86_64, Aarch64 };
#if defined(__aarch64__)
inline constexpr Machine native_machine = Machine::Aarch64;
#else
inline constexpr Machine native_machine = Machine::X86_64;
#endif

// Pure. Errors name the field ("linux.seccomp.syscalls[3].action: unknown action 'X'").
// The native architecture is always included, architectures of other machines are ignored (this kernel has none of
// their processes), and a call of an architecture that is left out kills the thread, as with runc.
Result<SeccompPlan> plan_seccomp(const oci::Seccomp& seccomp, Machine machine = native_machine);

// seccomp(2) on the calling thread; needs no_new_privs or CAP_SYS_ADMIN. The listener is invalid unless plan.notify.
Result<Fd> apply_seccomp(const SeccompPlan& plan);

}  // namespace nemoclaw::isolation
