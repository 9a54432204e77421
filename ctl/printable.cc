#include "ctl/printable.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/base/error.h"

namespace nemoclaw::ctl {

std::string printable(std::string_view text, size_t bytes_max) {
  const std::string safe = quoted(text, bytes_max);
  return safe.substr(1, safe.size() - 2);
}

bool wants_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if ((refused && *refused) || (terminal && std::string_view(terminal) == "dumb")) return false;
  return isatty(descriptor) == 1;
}

}  // namespace nemoclaw::ctl
