// Reading numbers and names out of a DNS message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nemoclaw::dns {

// Once something is missing or malformed, failed() stays true and everything reads as zero or empty.
class WireReader {
 public:
  explicit WireReader(std::string_view message, size_t at = 0) : message_(message), at_(at) {}
  uint8_t u8();
  uint16_t u16();
  uint32_t u32();
  std::string_view bytes(size_t count);
  // An uncompressed name in wire form with lengths and the final zero; at most 255 bytes. `compressed`:
  // pointers are allowed, each to a place before the last one.
  std::string name(bool compressed);
  size_t at() const { return at_; }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == message_.size(); }

 private:
  void fail();
  std::string_view message_;
  size_t at_;
  bool failed_ = false;
};

std::string wire_u16(uint32_t value);
std::string wire_u32(uint32_t value);
// Wire form to dotted text without the last dot; "" for the root.
std::string dotted(std::string_view wire_name);

}  // namespace nemoclaw::dns
