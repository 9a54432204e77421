// What may be sent to a terminal: text from a container made safe, and colour only where it is wanted.
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw::ctl {

// Control bytes and non-ASCII as \xNN; cut at `bytes_max`.
std::string printable(std::string_view text, size_t bytes_max = 256);

// Colour is for people: on a terminal that can show it, unless NO_COLOR is set (no-color.org).
bool wants_colour(int descriptor);

}  // namespace nemoclaw::ctl
