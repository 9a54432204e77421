// The proxy gives up everything that it does not need before it reads the first foreign byte.
#pragma once

#include <string>

#include "runtime/base/result.h"

#include <sys/types.h>

namespace nemoclaw::serve {

struct ProxyUser {
  uid_t uid = 64219;
  gid_t gid = 64219;
};
// `configured`: a name or decimal uid; empty: "nemoclaw" if the host has it, else uid and gid 64219. Never
// root.
Result<ProxyUser> find_proxy_user(const std::string& configured);

// Becomes the user with CAP_NET_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH only, for good: bounding set,
// no_new_privs, no core dumps, not traceable, and a system call allow-list.
Result<void> confine(const ProxyUser& user);

}  // namespace nemoclaw::serve
