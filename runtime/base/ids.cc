#include "runtime/base/ids.h"

#include <cctype>
#include <cstring>

namespace nemoclaw {

Result<void> check_container_id(std::string_view id) {
  if (id.empty()) return make_error("container id cannot be empty");
  const std::string format = "invalid container ID format " + quoted(id) + ": ";
  for (const char c : id) {
    if (isalnum(static_cast<unsigned char>(c)) || (c != '\0' && strchr("_+-.", c))) continue;
    std::string which;
    if (isprint(static_cast<unsigned char>(c))) which = std::string("invalid character `") + c + "` in the ID; ";
    return make_error(format + which + "use letters, digits, and '_', '+', '-', '.'");
  }
  if (id == "." || id == "..") return make_error(format + "it is a directory's name");
  if (id.size() > 1024) return make_error(format + "more than 1024 characters");
  return {};
}

}  // namespace nemoclaw
