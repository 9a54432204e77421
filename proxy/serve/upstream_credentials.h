// What the node's upstream proxy wants to know about us.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace nemoclaw::serve {

// Pure: the value of Proxy-Authorization for "user:password", with or without a newline behind it.
Result<std::string> render_basic_credentials(std::string_view text);

// Of a file that nobody but its owner and group can read.
Result<std::string> read_basic_credentials(const std::string& file);

}  // namespace nemoclaw::serve
