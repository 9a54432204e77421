// Signal names as kill(1) and runc take them: "TERM", "SIGTERM", "term", "15", "RTMIN+3".
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::container {

// 0..64. An error names the text: unknown signal "FOO".
Result<int> parse_signal(std::string_view text);

}  // namespace nemoclaw::container
