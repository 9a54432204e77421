#include "ctl/printable.h"

#include "runtime/base/error.h"

namespace nemoclaw::ctl {

std::string printable(std::string_view text, size_t bytes_max) {
  const std::string safe = quoted(text, bytes_max);
  return safe.substr(1, safe.size() - 2);
}

}  // namespace nemoclaw::ctl
