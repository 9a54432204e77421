#include "proxy/confine/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proxy/confine/syscalls.h"

namespace nemoclaw::confine {

namespace {

// NET_ADMIN: the socket mark that the fence lets out. SYS_PTRACE and DAC_READ_SEARCH: /proc/<pid>/{exe,fd,ns}
// of other users' processes, and executables that only their owner may read.
constexpr int kKeptCapabilities[] = {CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

constexpr uint32_t bit(int capability) { return 1U << capability; }
constexpr uint32_t kKept = bit(CAP_NET_ADMIN) | bit(CAP_SYS_PTRACE) | bit(CAP_DAC_READ_SEARCH);
static_assert(CAP_NET_ADMIN < 32 && CAP_SYS_PTRACE < 32 && CAP_DAC_READ_SEARCH < 32);

Result<void> drop_bounding_set() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    const bool kept = capability < 32 && (kKept & bit(capability)) != 0;
    if (!kept && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return errno_error(format("drop capability %d", capability));
  }
  return {};
}

Result<void> set_capabilities(uint32_t effective, uint32_t inheritable) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].permitted = kKept;
  data[0].effective = effective;
  data[0].inheritable = inheritable;
  if (syscall(SYS_capset, &header, data) != 0) return errno_error("keep the proxy's capabilities");
  return {};
}

Result<void> set_limits() {
  const rlimit no_core = {0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return errno_error("forbid core dumps");
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &files);  // best effort: fewer descriptors mean fewer connections, nothing worse
  }
  return {};
}

Result<void> become_user(const ProxyUser& user) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno_error("PR_SET_KEEPCAPS");
  if (setgroups(0, nullptr) != 0) return errno_error("setgroups");
  if (setresgid(user.gid, user.gid, user.gid) != 0) return errno_error("setresgid");
  if (setresuid(user.uid, user.uid, user.uid) != 0) return errno_error("setresuid");
  TRY(set_capabilities(bit(CAP_DAC_READ_SEARCH), kKept));
  for (const int capability : kKeptCapabilities)
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
      return errno_error(format("hand capability %d on to the worker", capability));
  return {};
}

// Keys, policies and other sandboxes' names live in this memory: nobody may trace or dump it.
Result<void> forbid_tracing() {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno_error("PR_SET_DUMPABLE");
  return {};
}

}  // namespace

Result<void> confine_holder(const ProxyUser& user) {
  TRY(set_limits());
  // No Landlock here: a process in a Landlock domain may not ptrace-access processes outside of it, its
  // worker would be in the same domain, and without /proc/<pid>/exe and fd the caller could not be
  // identified. What it would give (no file writes) the system call list and an unprivileged user give as
  // well, but for files that anybody may write.
  TRY(drop_bounding_set());
  TRY(become_user(user));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_error("no_new_privs");
  TRY(forbid_tracing());
  return load_holder_filter();
}

Result<void> confine_resumed_holder() {
  TRY(set_capabilities(bit(CAP_DAC_READ_SEARCH), kKept));
  return forbid_tracing();
}

Result<void> confine_worker() {
  TRY(forbid_tracing());
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return errno_error("clear ambient capabilities");
  TRY(set_capabilities(kKept, 0));
  return load_worker_filter();
}

}  // namespace nemoclaw::confine
