#include "proxy/dns/wire.h"

#include "runtime/base/error.h"

namespace nemoclaw::dns {

namespace {

constexpr size_t kNameBytesMax = 255;
constexpr int kPointersMax = 32;

}  // namespace

void WireReader::fail() {
  failed_ = true;
  at_ = message_.size();
}

uint8_t WireReader::u8() {
  if (failed_ || at_ >= message_.size()) return fail(), 0;
  return static_cast<uint8_t>(message_[at_++]);
}

uint16_t WireReader::u16() {
  const unsigned high = u8();
  return static_cast<uint16_t>(high << 8 | u8());
}

uint32_t WireReader::u32() {
  const uint32_t high = u16();
  return high << 16 | u16();
}

std::string_view WireReader::bytes(size_t count) {
  if (failed_ || message_.size() - at_ < count) return fail(), std::string_view();
  const std::string_view taken = message_.substr(at_, count);
  at_ += count;
  return taken;
}

std::string WireReader::name(bool compressed) {
  std::string wire;
  size_t after = 0, lowest = at_;  // after: where reading goes on behind the first pointer
  int pointers = 0;
  while (!failed_) {
    const uint8_t length = u8();
    if ((length & 0xc0) == 0xc0) {
      const size_t target = (size_t{length} & 0x3f) << 8 | u8();
      // Backwards only: a chain of pointers gets shorter with every step, so it ends.
      if (failed_ || !compressed || target >= lowest || ++pointers > kPointersMax) break;
      if (after == 0) after = at_;
      lowest = at_ = target;
      continue;
    }
    if (length > 63 || wire.size() + length + 1 > kNameBytesMax - (length > 0 ? 1 : 0)) break;
    wire += static_cast<char>(length);
    wire += bytes(length);
    if (failed_) break;
    if (length == 0) {
      if (after != 0) at_ = after;
      return wire;
    }
  }
  fail();
  return {};
}

std::string wire_u16(uint32_t value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}
std::string wire_u32(uint32_t value) { return wire_u16(value >> 16) + wire_u16(value & 0xffff); }

std::string dotted(std::string_view wire) {
  std::string text;
  for (size_t at = 0; at < wire.size() && wire[at] != 0;) {
    const size_t length = static_cast<uint8_t>(wire[at]);
    if (!text.empty()) text += '.';
    for (const char raw : wire.substr(at + 1, length)) {
      const auto byte = static_cast<unsigned char>(raw);
      const bool plain = byte > 0x20 && byte < 0x7f && byte != '.' && byte != '\\' && byte != '"';
      text += plain ? std::string(1, raw) : format("\\%03u", byte);
    }
    at += length + 1;
  }
  return text;
}

}  // namespace nemoclaw::dns
