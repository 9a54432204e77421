#include "runtime/container/user_name.h"

#include <charconv>

#include "runtime/base/file.h"

namespace nemoclaw::container {

std::string user_name_in(std::string_view passwd, uid_t uid) {
  while (!passwd.empty()) {
    const size_t end = passwd.find('\n');
    const std::string_view line = passwd.substr(0, end);
    passwd.remove_prefix(end == std::string_view::npos ? passwd.size() : end + 1);
    // name:password:uid:...
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view number = line.substr(second + 1, line.find(':', second + 1) - second - 1);
    uid_t found = 0;
    const auto [stop, code] = std::from_chars(number.data(), number.data() + number.size(), found);
    if (code == std::errc() && stop == number.data() + number.size() && found == uid)
      return std::string(line.substr(0, first));
  }
  return "";
}

std::string user_name(uid_t uid) {
  if (uid == 0) return "root";
  const Result<std::string> passwd = read_file("/etc/passwd", size_t{1} << 20);
  return passwd ? user_name_in(*passwd, uid) : "";
}

}  // namespace nemoclaw::container
