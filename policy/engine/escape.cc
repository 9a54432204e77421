#include "policy/engine/escape.h"

#include <cstring>

namespace nemoclaw::policy {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// pchar without ';' and '%'.
bool stays_plain(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != 0 && std::strchr("-._~!$&'()*+,=:@", byte) != nullptr);
}

}  // namespace

int decode_escape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = digit(text[1]), low = digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  if (stays_plain(byte)) {
    out += static_cast<char>(byte);
    return;
  }
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace nemoclaw::policy
