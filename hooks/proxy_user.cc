#include "hooks/proxy_user.h"

#include <charconv>
#include <optional>

#include "runtime/base/child.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {

namespace {

constexpr int kLookupMs = 10'000;

bool parse_number(std::string_view text, uid_t& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

std::string_view cut_field(std::string_view& line) {
  const size_t end = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

// Users that are not in the file (LDAP, sssd) are known to the C library's modules, which a static program
// does not load.
Result<std::optional<ProxyUser>> ask_getent(const std::string& name) {
  ChildRequest request;
  request.path = "/usr/bin/getent";
  request.args = {"getent", "passwd", "--", name};
  request.timeout_ms = kLookupMs;
  const ChildOutcome outcome = TRY_CONTEXT(run_child(request), "look for the user " + quoted(name));
  return find_user(outcome.stdout_text, name);
}

Result<ProxyUser> named_user(const std::string& name, bool required) {
  const Result<std::string> passwd = read_file("/etc/passwd", size_t{16} << 20);
  if (const std::optional<ProxyUser> found = find_user(passwd ? *passwd : "", name)) return *found;
  if (!required) return ProxyUser{};
  if (const std::optional<ProxyUser> found = TRY(ask_getent(name))) return *found;
  return make_error("proxy_user " + quoted(name) +
                    " is not a user of this host: create it, or leave proxy_user out");
}

}  // namespace

std::optional<ProxyUser> find_user(std::string_view passwd, std::string_view name) {
  while (!passwd.empty()) {
    const size_t end = std::min(passwd.find('\n'), passwd.size());
    std::string_view line = passwd.substr(0, end);
    passwd.remove_prefix(std::min(end + 1, passwd.size()));
    if (cut_field(line) != name) continue;
    cut_field(line);  // the password
    ProxyUser user;
    if (parse_number(cut_field(line), user.uid) && parse_number(cut_field(line), user.gid)) return user;
  }
  return std::nullopt;
}

Result<ProxyUser> find_proxy_user(const std::string& configured) {
  ProxyUser user;
  const std::string name = configured.empty() ? "nemoclaw" : configured;
  uid_t number = 0;
  if (parse_number(name, number)) {
    user.uid = user.gid = number;
  } else {
    user = TRY(named_user(name, !configured.empty()));
  }
  if (user.uid == 0 || user.gid == 0 || user.uid == static_cast<uid_t>(-1))
    return make_error("proxy_user: the proxy must not run as root");
  return user;
}

}  // namespace nemoclaw::hooks
