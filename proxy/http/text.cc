#include "proxy/http/text.h"

#include <algorithm>

namespace nemoclaw::http {

namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

char lower_byte(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

bool is_alphanumeric(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return is_alphanumeric(byte) || (byte != '\0' && kTokenMarks.find(byte) != std::string_view::npos);
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char raw) {
    const auto byte = static_cast<unsigned char>(raw);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_byte(x) == lower_byte(y); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_byte);
  return out;
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> elements;
  for (;;) {
    const size_t comma = text.find(',');
    elements.push_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return elements;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace nemoclaw::http
