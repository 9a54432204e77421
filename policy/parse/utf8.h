// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <optional>
#include <string_view>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

// The place (columns in characters) of the first byte that is not UTF-8.
std::optional<Location> find_invalid_utf8(std::string_view text);
// The place of a byte offset in well-formed text.
Location location_of_offset(std::string_view text, size_t offset);
// Bytes of the well-formed sequence at the start of `text`; 0 if there is none.
size_t utf8_length(std::string_view text);

}  // namespace nemoclaw::policy
