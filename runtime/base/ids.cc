#include "runtime/base/ids.h"

#include <cctype>
#include <cstring>

namespace nemoclaw {

Result<void> check_container_id(std::string_view id) {
  if (id.empty()) return make_error("container id cannot be empty");
  bool good = id.size() <= 1024 && id != "." && id != "..";
  for (const char c : id) good = good && (isalnum(static_cast<unsigned char>(c)) || strchr("_+-.", c)) && c != '\0';
  if (good) return {};
  return make_error("invalid container ID format " + quoted(id) + ": use letters, digits, and '_', '+', '-', '.'");
}

}  // namespace nemoclaw
