#include "runtime/cli/quantity.h"

#include <charconv>
#include <string>

namespace nemoclaw::cli {

namespace {

double unit_ms(std::string_view unit) {
  if (unit == "h") return 3'600'000;
  if (unit == "m") return 60'000;
  if (unit == "s") return 1'000;
  if (unit == "ms") return 1;
  if (unit == "us") return 0.001;
  return 0;
}

}  // namespace

Result<int64_t> parse_duration_ms(std::string_view text) {
  const Error bad = make_error("invalid duration " + quoted(text) + ": write it as 500ms, 5s or 1m30s");
  if (text.empty()) return bad;
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, code] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (code != std::errc() || number < 0) return bad;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789."));
    rest.remove_prefix(unit.size());
    if (unit_ms(unit) == 0) return bad;
    total += number * unit_ms(unit);
  }
  constexpr double kLongestMs = 1e12;
  if (total > kLongestMs) return bad;
  return static_cast<int64_t>(total);
}

Result<int64_t> parse_bytes(std::string_view text) {
  const Error bad = make_error("invalid size " + quoted(text) + ": write it as 1048576, 128m or 2g");
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || number < -1) return bad;
  std::string unit(end, text.data() + text.size());
  for (char& letter : unit) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  if (unit.ends_with("ib")) unit.resize(unit.size() - 2);
  if (unit.ends_with('b')) unit.pop_back();
  if (unit.empty()) return number;
  const size_t power = std::string_view("kmgtp").find(unit);
  if (unit.size() != 1 || power == std::string_view::npos || number < 0) return bad;
  const int shift = static_cast<int>(power + 1) * 10;
  if (number > (INT64_MAX >> shift)) return bad;
  return number << shift;
}

}  // namespace nemoclaw::cli
