// The character classes of RFC 9110 section 5.6, without a locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::http {

bool is_token(std::string_view text);        // 1*tchar
bool is_field_value(std::string_view text);  // VCHAR, SP, HTAB, obs-text; no other control byte
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);  // SP and HTAB at both ends
// Comma-separated elements, trimmed; empty elements are kept, so that the caller can refuse them.
std::vector<std::string_view> split_list(std::string_view text);

}  // namespace nemoclaw::http
