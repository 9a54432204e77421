// RFC 4648, both alphabets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::http {

enum class Base64 : uint8_t { Standard, Url };

std::string encode_base64(std::string_view bytes, Base64 alphabet = Base64::Standard);  // with padding
// Either alphabet, padding or not; absent if it is none.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace nemoclaw::http
