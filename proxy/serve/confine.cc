#include "proxy/serve/confine.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "proxy/serve/syscalls.h"

namespace nemoclaw::serve {

namespace {

// NET_ADMIN: the socket mark that the fence lets out. SYS_PTRACE and DAC_READ_SEARCH: /proc/<pid>/{exe,fd,ns}
// of other users' processes, and executables that only their owner may read.
constexpr int kKeptCapabilities[] = {CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

bool is_kept(int capability) {
  for (const int kept : kKeptCapabilities)
    if (kept == capability) return true;
  return false;
}

Result<void> drop_bounding_set() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (!is_kept(capability) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return errno_error(format("drop capability %d", capability));
  }
  return {};
}

Result<void> set_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (const int capability : kKeptCapabilities) {
    data[capability / 32].permitted |= 1U << (capability % 32);
    data[capability / 32].effective |= 1U << (capability % 32);
  }
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

}  // namespace

Result<ProxyUser> find_proxy_user(const std::string& configured) {
  ProxyUser user;
  const std::string name = configured.empty() ? "nemoclaw" : configured;
  uid_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code == std::errc() && end == name.data() + name.size()) {
    user.uid = user.gid = number;
  } else if (const passwd* entry = getpwnam(name.c_str())) {
    user.uid = entry->pw_uid;
    user.gid = entry->pw_gid;
  } else if (!configured.empty()) {
    return make_error("proxy_user " + quoted(configured) +
                      " is not a user of this host: create it, or leave proxy_user out");
  }
  if (user.uid == 0 || user.gid == 0 || user.uid == static_cast<uid_t>(-1))
    return make_error("proxy_user: the proxy must not run as root");
  return user;
}

Result<void> confine(const ProxyUser& user) {
  TRY(set_limits());
  // No Landlock here: a process in a Landlock domain may not ptrace-access processes outside of it, and
  // without /proc/<pid>/exe and fd the caller could not be identified. What it would give (no file writes)
  // the system call list and an unprivileged user give as well, but for files that anybody may write.
  TRY(drop_bounding_set());
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno_error("PR_SET_KEEPCAPS");
  if (setgroups(0, nullptr) != 0) return errno_error("setgroups");
  if (setresgid(user.gid, user.gid, user.gid) != 0) return errno_error("setresgid");
  if (setresuid(user.uid, user.uid, user.uid) != 0) return errno_error("setresuid");
  TRY(set_capabilities());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_error("no_new_privs");
  // Keys, policies and other sandboxes' names live in this memory: nobody may trace or dump it.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno_error("PR_SET_DUMPABLE");
  return load_syscall_filter();
}

}  // namespace nemoclaw::serve
