// Numbers with units, as the options of the field take them.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::cli {

// As Go writes durations: "5s", "1m30s", "250ms".
Result<int64_t> parse_duration_ms(std::string_view text);
// "1048576", "128m", "2GiB", "-1" (no limit); units are powers of 1024, upper or lower case.
Result<int64_t> parse_bytes(std::string_view text);

}  // namespace nemoclaw::cli
