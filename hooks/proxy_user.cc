#include "hooks/proxy_user.h"

#include <pwd.h>

#include <charconv>

namespace nemoclaw::hooks {

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

}  // namespace nemoclaw::hooks
