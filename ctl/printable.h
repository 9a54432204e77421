// Text that may come from a container, made safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw::ctl {

// Control bytes and non-ASCII as \xNN; cut at `bytes_max`.
std::string printable(std::string_view text, size_t bytes_max = 256);

}  // namespace nemoclaw::ctl
