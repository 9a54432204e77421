// The user that the proxy runs as.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct ProxyUser {
  uid_t uid = 64219;
  gid_t gid = 64219;
};

// From the text of /etc/passwd.
std::optional<ProxyUser> find_user(std::string_view passwd, std::string_view name);

// `configured`: a name or decimal uid; empty: "nemoclaw" if the host has it, else uid and gid 64219. Never
// root.
Result<ProxyUser> find_proxy_user(const std::string& configured);

}  // namespace nemoclaw::hooks
