#include "policy/model/a_label.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nemoclaw::policy {
namespace {

using CodePoints = std::vector<uint32_t>;

// Well-formed UTF-8 of two and three bytes is all that the accepted letters need.
std::optional<CodePoints> decode(std::string_view text) {
  CodePoints points;
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const auto tail = [&](size_t at) { return (byte(at) & 0xc0) == 0x80; };
    if (byte(i) < 0x80) {
      points.push_back(byte(i));
      i += 1;
    } else if ((byte(i) & 0xe0) == 0xc0 && byte(i) >= 0xc2 && tail(i + 1)) {
      points.push_back((byte(i) & 0x1fu) << 6 | (byte(i + 1) & 0x3fu));
      i += 2;
    } else if ((byte(i) & 0xf0) == 0xe0 && tail(i + 1) && tail(i + 2)) {
      const uint32_t point = (byte(i) & 0xfu) << 12 | (byte(i + 1) & 0x3fu) << 6 | (byte(i + 2) & 0x3fu);
      if (point < 0x800) return std::nullopt;
      points.push_back(point);
      i += 3;
    } else {
      return std::nullopt;
    }
  }
  return points;
}

bool is_in(uint32_t point, uint32_t first, uint32_t last) { return point >= first && point <= last; }

// Lower case where it is one step away and one letter long (UTS 46 maps the same).
uint32_t lower(uint32_t point) {
  if (is_in(point, 'A', 'Z')) return point + 32;
  if (is_in(point, 0xc0, 0xde) && point != 0xd7) return point + 32;     // Latin-1
  if (is_in(point, 0x391, 0x3a9) && point != 0x3a2) return point + 32;  // Greek
  if (is_in(point, 0x410, 0x42f)) return point + 32;                    // Cyrillic
  if (is_in(point, 0x400, 0x40f)) return point + 80;
  const bool even_upper =
      is_in(point, 0x100, 0x12f) || is_in(point, 0x132, 0x137) || is_in(point, 0x14a, 0x177);
  const bool odd_upper = is_in(point, 0x139, 0x148) || is_in(point, 0x179, 0x17e);
  return (even_upper && point % 2 == 0) || (odd_upper && point % 2 == 1) ? point + 1 : point;
}

// Letters that RFC 5892 calls PVALID, that every version of IDNA writes alike, and that have no second
// spelling in NFC. A subset on purpose: what is missing here is refused, not guessed.
bool is_plain_letter(uint32_t point) {
  if (point < 0x80) return is_in(point, 'a', 'z') || is_in(point, '0', '9') || point == '-';
  if (is_in(point, 0xe0, 0xff)) return point != 0xf7;  // Latin-1 without ß
  if (is_in(point, 0x101, 0x17e))                      // Latin Extended-A
    return lower(point) == point && point != 0x130 && point != 0x133 && point != 0x13f && point != 0x140 &&
           point != 0x149 && point != 0x178;
  if (is_in(point, 0x3ac, 0x3ce)) return point != 0x3c2;  // Greek without final ς
  return is_in(point, 0x430, 0x45f) ||                    // Cyrillic
         is_in(point, 0x3041, 0x3096) || is_in(point, 0x30a1, 0x30fa) || point == 0x30fc ||  // kana
         is_in(point, 0x4e00, 0x9fff) ||                                                     // Han
         is_in(point, 0xac00, 0xd7a3);  // Hangul syllables
}

// Two alphabets with letters of one shape in one label deceive the reader: "аpi" with a Cyrillic а is not
// "api".
bool mixes_alphabets(const CodePoints& points) {
  const auto some = [&](auto&& is) { return std::any_of(points.begin(), points.end(), is); };
  const bool latin = some([](uint32_t p) { return is_in(p, 'a', 'z') || is_in(p, 0xe0, 0x17e); });
  const bool greek = some([](uint32_t p) { return is_in(p, 0x3ac, 0x3ce); });
  const bool cyrillic = some([](uint32_t p) { return is_in(p, 0x430, 0x45f); });
  return latin + greek + cyrillic > 1;
}

// RFC 3492, 6.1 and 6.3, with its parameters for IDNA.
uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > 455; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

void append_integer(std::string& out, uint32_t value, uint32_t bias) {
  const auto digit = [](uint32_t d) { return static_cast<char>(d < 26 ? 'a' + d : '0' + (d - 26)); };
  for (uint32_t k = 36;; k += 36) {
    const uint32_t threshold = k <= bias ? 1 : std::min<uint32_t>(k - bias, 26);
    if (value < threshold) break;
    out += digit(threshold + (value - threshold) % (36 - threshold));
    value = (value - threshold) / (36 - threshold);
  }
  out += digit(value);
}

// At most 253 letters of at most 16 bits: no sum overflows.
std::string punycode(const CodePoints& points) {
  std::string out;
  for (uint32_t point : points)
    if (point < 0x80) out += static_cast<char>(point);
  const auto basic = static_cast<uint32_t>(out.size());
  if (basic > 0) out += '-';
  uint32_t next = 0x80, delta = 0, bias = 72, handled = basic;
  while (handled < points.size()) {
    uint32_t smallest = UINT32_MAX;
    for (uint32_t point : points)
      if (point >= next) smallest = std::min(smallest, point);
    delta += (smallest - next) * (handled + 1);
    next = smallest;
    for (uint32_t point : points) {
      if (point < next) ++delta;
      if (point != next) continue;
      append_integer(out, delta, bias);
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++next;
  }
  return out;
}

}  // namespace

std::optional<std::string> to_a_label(std::string_view label) {
  if (std::all_of(label.begin(), label.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return std::string(label);
  if (label.size() > 253) return std::nullopt;
  auto points = decode(label);
  if (!points) return std::nullopt;
  for (uint32_t& point : *points) {
    point = lower(point);
    if (!is_plain_letter(point)) return std::nullopt;
  }
  if (mixes_alphabets(*points)) return std::nullopt;
  // RFC 5891, 4.2.3.1: no hyphens at the ends, nor where a prefix would stand.
  const bool hyphens = points->size() >= 4 && (*points)[2] == '-' && (*points)[3] == '-';
  if (hyphens || points->front() == '-' || points->back() == '-') return std::nullopt;
  return "xn--" + punycode(*points);
}

}  // namespace nemoclaw::policy
