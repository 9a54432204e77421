// What changes between two texts, as diff -u shows it.
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw::ctl {

// "" if they are the same. Pure.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view name, bool colour);

}  // namespace nemoclaw::ctl
